// The mix, sample by sample, as `limelight render` makes it. Plain arithmetic: it runs in the audio worklet, for an
// offline render in the page, and in tests.
//
//   y = limiter( m · Σ_k g_k(t) · s_k )        before: Σ_k s_k, as late as the limiter is
//
// g_k comes from the plan's curve at the separator's frames, dB on straight lines between the curve's points, and between
// frames by the weight that overlapped √Hann windows give: w(d) = 2 · hop / window · cos²(π d / window).

import { dbToGain } from "./decibels.js";
import { Limiter } from "./limiter.js";

export const STEMS = ["speech", "music", "effects"];
const SMOOTH_SECONDS = 0.008; // a fader, a switch: no click, and no delay that a hand would feel
const FADE_SECONDS = 0.005; // start, stop, jump
const REST = 3; // the part that no stem holds

/** A value that moves to its target within some milliseconds. */
class Smooth {
  constructor(value, rate, seconds = SMOOTH_SECONDS) {
    this.value = this.target = value;
    this.decay = Math.exp(-1 / (seconds * rate));
  }
  next() {
    const apart = this.value - this.target;
    this.value = Math.abs(apart) < 1e-7 ? this.target : this.target + apart * this.decay;
    return this.value;
  }
  jump(value) {
    this.value = this.target = value;
  }
}

/** The gains of frames, between which samples are weighted. Curves in dB, a point every `stepSeconds`. */
export class Curves {
  constructor({ stepSeconds, hopSeconds, windowSeconds, curves }) {
    Object.assign(this, { stepSeconds, hopSeconds, windowSeconds, curves });
    this.overlap = Math.round(windowSeconds / hopSeconds);
  }
  /** dB of a stem at a time, the ends held. */
  at(k, seconds) {
    const curve = this.curves[k];
    const place = Math.min(Math.max(seconds / this.stepSeconds, 0), curve.length - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, curve.length - 1);
    return curve[low] + (curve[high] - curve[low]) * (place - low);
  }
}

/** Parts, curves and faders to the mix before and after. Channels are mono or stereo. */
export class Mixer {
  constructor({ rate, channels, curves, ceilingDb }) {
    Object.assign(this, { rate, channels, curves });
    this.strength = new Smooth(1, rate / 128);
    this.faders = STEMS.map(() => new Smooth(1, rate));
    this.heard = STEMS.map(() => new Smooth(1, rate)); // mute and solo
    this.makeup = new Smooth(1, rate);
    this.after = new Smooth(1, rate); // 0 before, 1 after
    this.match = [new Smooth(1, rate), new Smooth(1, rate)]; // equal loudness of the two
    this.limiting = new Smooth(1, rate); // 0 where nothing is changed: the original is not ours to limit
    this.limiter = new Limiter(rate, channels, ceilingDb);
    this.late = Array.from({ length: channels }, () => new Delay(this.limiter.latency));
    this.lateMix = Array.from({ length: channels }, () => new Delay(this.limiter.latency));
  }

  get latency() {
    return this.limiter.latency;
  }

  /** What the user has set; `now` without gliding there. */
  set(desk, now = false) {
    const put = (smooth, value) => {
      if (value === undefined) return;
      if (now) smooth.jump(value);
      else smooth.target = value;
    };
    if (desk.ceilingDb !== undefined) this.limiter.hold(desk.ceilingDb);
    put(this.strength, desk.strength);
    put(this.makeup, desk.makeupDb === undefined ? undefined : dbToGain(desk.makeupDb));
    put(this.after, desk.after);
    put(this.limiting, desk.limiting);
    for (let k = 0; k < STEMS.length; k++) {
      put(this.faders[k], desk.offsetsDb === undefined ? undefined : dbToGain(desk.offsetsDb[k]));
      put(this.heard[k], desk.heard?.[k]);
    }
    for (let b = 0; b < 2; b++) put(this.match[b], desk.matchDb === undefined ? undefined : dbToGain(desk.matchDb[b]));
  }

  /** Gains of the frames around samples `first` … `first + n − 1`: [K][frames], and the number of the first frame. */
  frames(first, n) {
    const { hopSeconds, overlap } = this.curves;
    const strength = this.strength.next();
    const low = Math.floor(first / this.rate / hopSeconds) - overlap / 2 + 1;
    const high = Math.floor((first + n) / this.rate / hopSeconds) + overlap / 2 + 1;
    const gains = STEMS.map((_, k) => {
      const row = new Float64Array(high - low + 1);
      for (let i = low; i <= high; i++) row[i - low] = dbToGain(strength * this.curves.at(k, Math.max(0, i) * hopSeconds));
      return row;
    });
    return { gains, low };
  }

  /** Samples `first` … of the parts ([4][C] arrays or null, read from `offset`) into `out` [C] from `to`; `n` of them. */
  process(parts, offset, first, out, to, n) {
    const { hopSeconds, windowSeconds, overlap } = this.curves;
    const { gains, low } = this.frames(first, n);
    const C = this.channels;
    const mix = Array.from({ length: C }, () => new Float32Array(n));
    const before = Array.from({ length: C }, () => new Float32Array(n));
    const weight = new Float64Array(overlap);
    for (let j = 0; j < n; j++) {
      const place = (first + j) / this.rate / hopSeconds;
      const start = Math.floor(place) - overlap / 2 + 1;
      for (let f = 0; f < overlap; f++) {
        const c = Math.cos((Math.PI * (place - start - f) * hopSeconds) / windowSeconds);
        weight[f] = (2 / overlap) * c * c;
      }
      for (let k = 0; k <= REST; k++) {
        let gain = 1;
        let heard = 1;
        if (k < REST) {
          gain = 0;
          for (let f = 0; f < overlap; f++) gain += weight[f] * gains[k][start + f - low];
          gain *= this.faders[k].next();
          heard = this.heard[k].next();
        }
        if (!parts[k]) continue;
        for (let c = 0; c < C; c++) {
          const x = parts[k][c][offset + j] * heard;
          before[c][j] += x;
          mix[c][j] += gain * x;
        }
      }
      const m = this.makeup.next();
      for (let c = 0; c < C; c++) mix[c][j] *= m;
    }
    const limited = this.limiter.push(mix);
    const lateBefore = this.late.map((delay, c) => delay.push(before[c]));
    const lateMix = this.lateMix.map((delay, c) => delay.push(mix[c]));
    for (let j = 0; j < n; j++) {
      const share = this.after.next();
      const some = this.limiting.next();
      const [a, b] = [this.match[0].next() * (1 - share), this.match[1].next() * share];
      for (let c = 0; c < C; c++) {
        const after = some * limited[c][j] + (1 - some) * lateMix[c][j];
        out[c][to + j] = a * lateBefore[c][j] + b * after;
      }
    }
  }

  /** Forgets what was heard, before a jump. */
  reset() {
    this.limiter = new Limiter(this.rate, this.channels, this.limiter.ceilingDb);
    for (const delays of [this.late, this.lateMix]) for (const delay of delays) delay.reset();
  }
}

class Delay {
  constructor(samples) {
    this.ring = new Float32Array(samples);
    this.place = 0;
  }
  push(block) {
    const out = new Float32Array(block.length);
    for (let j = 0; j < block.length; j++) {
      out[j] = this.ring[this.place];
      this.ring[this.place] = block[j];
      this.place = (this.place + 1) % this.ring.length;
    }
    return out;
  }
  reset() {
    this.ring.fill(0);
  }
}

/** Where the film is, which pieces are there, and what comes out: the worklet's whole state, without the worklet. */
export class Deck {
  constructor({ index, curves, ceilingDb }) {
    this.index = index;
    this.mixer = new Mixer({ rate: index.sample_rate, channels: index.channels, curves, ceilingDb });
    this.pieces = new Map();
    this.position = 0; // the next sample that goes into the mixer
    this.wanted = null; // where to jump when the sound has faded
    this.fade = new Smooth(0, index.sample_rate, FADE_SECONDS / 3);
    this.playing = false;
    this.starved = false;
  }

  /** Where the ear is: the mixer gives its sound later than it takes it. */
  get heardAt() {
    return Math.max(0, this.position - this.mixer.latency);
  }

  play(on) {
    this.playing = on;
  }

  seek(sample) {
    this.wanted = Math.min(Math.max(0, sample), this.index.samples);
  }

  /** Fills [C] arrays; whether the film is over. */
  pull(out) {
    const n = out[0].length;
    const silent = this.fade.value < 1e-3;
    if (this.wanted !== null && silent) {
      this.position = this.wanted;
      this.wanted = null;
      this.mixer.reset();
      this.fade.jump(0);
    }
    const over = this.position >= this.index.samples + this.mixer.latency;
    const piece = this.pieceAt(this.position);
    this.starved = this.playing && !over && !piece;
    this.fade.target = this.playing && this.wanted === null && !over && piece ? 1 : 0;
    if ((silent && this.fade.target === 0) || over || !piece) {
      if (this.starved || over) this.fade.jump(0);
      return over;
    }
    let done = 0;
    while (done < n) {
      const here = this.pieceAt(this.position);
      if (!here) {
        for (const channel of out) channel.fill(0, done);
        break;
      }
      const count = Math.min(n - done, here.end - this.position);
      this.mixer.process(here.parts, this.position - here.start, this.position, out, done, count);
      this.position += count;
      done += count;
    }
    for (let j = 0; j < n; j++) {
      const gain = this.fade.next();
      for (const channel of out) channel[j] *= gain;
    }
    return false;
  }

  /** The piece that holds a sample; silence behind the film's end; undefined where it is still to come. */
  pieceAt(sample) {
    const { piece_samples: size, samples } = this.index;
    if (sample >= samples) return { parts: [null, null, null, null], start: samples, end: Infinity };
    const number = Math.floor(sample / size);
    const parts = this.pieces.get(number);
    return parts && { parts, start: number * size, end: Math.min((number + 1) * size, samples) };
  }
}
