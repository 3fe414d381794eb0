// Plays a film: the sound from its stems through an audio worklet, the picture in step with the sound. The worklet's clock
// leads; a picture that strays is brought back. Pieces are fetched by ranges of bytes around the place that is heard, and
// dropped behind it, so that a long film takes no more memory than a short one.

import { Curves, Deck, STEMS } from "./mixer.js";

const AHEAD = 3; // pieces that wait
const BEHIND = 1;
const STRAYED_SECONDS = 0.25; // of the picture: it jumps
const DRIFTED_SECONDS = 0.03; // it runs a little faster or slower

/** What a deck is made from. */
export function deckOptions(desk) {
  const { sound } = desk;
  return {
    index: sound,
    ceilingDb: desk.ceilingDb,
    curves: {
      stepSeconds: desk.step,
      hopSeconds: sound.hop_seconds,
      windowSeconds: sound.window_seconds,
      curves: desk.drawn.map((curve) => curve.slice()),
    },
  };
}

/** What a mixer is told of a desk. */
export function settings(desk, { after = 1, muted = [], solo = [] } = {}) {
  const heard = STEMS.map((_, k) => (muted[k] || (solo.some(Boolean) && !solo[k]) ? 0 : 1));
  const { strength, offsetsDb } = desk.controls;
  return { strength, offsetsDb, makeupDb: desk.makeupDb, ceilingDb: desk.ceilingDb, matchDb: desk.matchDb, limiting: desk.changesNothing ? 0 : 1, after, heard };
}

/** One piece: for each part its channels, scaled, or null for silence. */
export async function fetchPiece(url, index, number, context, signal) {
  const parts = index.pieces[number];
  const first = parts[0][0];
  const bytes = parts.reduce((sum, [, size]) => sum + size, 0);
  if (!bytes) return [null, null, null, null];
  const headers = { Range: `bytes=${first}-${first + bytes - 1}` };
  const answer = await fetch(url, { headers, signal });
  if (answer.status !== 206) throw new Error(`the server gave no sound (${answer.status})`);
  const data = await answer.arrayBuffer();
  return Promise.all(
    parts.map(async ([start, size, scale]) => {
      if (!size) return null;
      const sound = await context.decodeAudioData(data.slice(start - first, start - first + size));
      return Array.from({ length: index.channels }, (_, c) => sound.getChannelData(c).map((x) => x * scale));
    }),
  );
}

/** A stretch of the film as it will be rendered, [C] arrays: the same arithmetic as what is heard, without a sound card. */
export async function renderOffline(desk, url, { from = 0, samples = desk.sound.samples - from, after = 1 } = {}) {
  const { index } = deckOptions(desk);
  const options = deckOptions(desk);
  const deck = new Deck({ ...options, curves: new Curves(options.curves) });
  deck.mixer.set({ ...settings(desk, { after }), matchDb: [0, 0] }, true);
  const context = new OfflineAudioContext(1, 1, index.sample_rate);
  const lead = deck.mixer.latency;
  const out = Array.from({ length: index.channels }, () => new Float32Array(samples));
  let position = from;
  for (let done = -lead; done < samples; ) {
    const number = Math.floor(position / index.piece_samples);
    if (position < index.samples && !deck.pieces.has(number)) {
      deck.pieces.clear();
      deck.pieces.set(number, await fetchPiece(url, index, number, context));
    }
    const here = deck.pieceAt(position);
    const count = Math.min(8192, here.end - position, samples - done);
    const block = out.map(() => new Float32Array(count));
    deck.mixer.process(here.parts, position - here.start, position, block, 0, count);
    const skip = Math.max(0, -done);
    if (count > skip) block.forEach((channel, c) => out[c].set(channel.subarray(skip), done + skip));
    position += count;
    done += count;
  }
  return out;
}

export class Player extends EventTarget {
  constructor(desk, url, video) {
    super();
    Object.assign(this, { desk, url, video });
    this.index = desk.sound;
    this.there = new Set(); // pieces that the worklet has
    this.coming = new Map(); // pieces on their way: number → AbortController
    this.at = 0; // seconds that are heard
    this.wanted = 0; // seconds to begin at, before there is a worklet
    this.playing = false;
    this.starved = false;
    this.listening = { after: 1, muted: [false, false, false], solo: [false, false, false] };
    this.onChange = ({ detail }) => this.tell(detail);
    desk.addEventListener("change", this.onChange);
  }

  get rate() {
    return this.index.sample_rate;
  }
  get seconds() {
    return this.index.samples / this.rate;
  }

  /** Browsers start sound only when the user has asked for it. */
  async open() {
    this.opening ??= (async () => {
      this.context = new AudioContext({ sampleRate: this.rate, latencyHint: "interactive" });
      await this.context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
      this.node = new AudioWorkletNode(this.context, "limelight-deck", {
        numberOfInputs: 0,
        outputChannelCount: [this.index.channels],
        processorOptions: deckOptions(this.desk),
      });
      this.node.port.onmessage = ({ data }) => this.heard(data);
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = 2048;
      this.node.connect(this.analyser).connect(this.context.destination);
      this.send({ desk: settings(this.desk, this.listening), now: true, seek: Math.round(this.wanted * this.rate) });
      this.load();
    })();
    await this.opening;
    await this.context.resume();
  }

  send(message, transfer = []) {
    this.node?.port.postMessage(message, transfer);
  }

  /** The worklet hears of a moved curve, and of all else that was set. */
  tell({ stem, from, count }) {
    if (stem !== undefined) {
      const values = this.desk.drawn[stem].slice(from, from + count);
      this.send({ curve: { stem, from, values } });
    }
    this.send({ desk: settings(this.desk, this.listening) });
  }

  listen(values) {
    Object.assign(this.listening, values);
    this.tell({});
    this.dispatchEvent(new Event("listening"));
  }

  async play() {
    this.playing = true; // at once: a second press pauses
    this.dispatchEvent(new Event("state"));
    await this.open();
    if (this.at >= this.seconds - 0.05) this.seek(0);
    this.send({ play: this.playing });
    this.follow();
  }

  pause() {
    this.playing = false;
    this.send({ play: false });
    this.video?.pause();
    this.dispatchEvent(new Event("state"));
  }

  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  seek(seconds) {
    this.at = this.wanted = Math.min(Math.max(0, seconds), this.seconds);
    this.jumping = performance.now();
    this.send({ seek: Math.round(this.at * this.rate) });
    if (this.video && Number.isFinite(this.video.duration)) this.video.currentTime = this.at;
    this.load();
    this.dispatchEvent(new Event("time"));
  }

  /** A report of the worklet: where it is, when it said so. */
  heard(report) {
    if (this.closed) return;
    if (report.echo !== undefined) this.echoes?.get(report.echo)?.();
    if (report.over) {
      this.at = this.seconds;
      this.pause();
    }
    if (report.at === undefined) return;
    const jumped = this.jumping !== undefined && performance.now() - this.jumping < 150;
    if (!jumped) this.at = Math.max(0, report.at / this.rate - (this.context.outputLatency || 0));
    if (report.starved !== this.starved) {
      this.starved = report.starved;
      this.dispatchEvent(new Event("state"));
    }
    this.load();
    this.follow();
    this.dispatchEvent(new Event("time"));
  }

  /** The picture goes with the sound. */
  follow() {
    const { video } = this;
    if (!video || video.error || !Number.isFinite(video.duration)) return;
    const moving = this.playing && !this.starved && this.at < video.duration;
    if (moving && video.paused) video.play().catch(() => {});
    if (!moving && !video.paused) video.pause();
    if (!moving || video.seeking) return;
    const ahead = video.currentTime - this.at;
    if (Math.abs(ahead) > STRAYED_SECONDS) video.currentTime = this.at;
    video.playbackRate = Math.abs(ahead) > DRIFTED_SECONDS ? 1 - Math.sign(ahead) * 0.04 : 1;
  }

  /** Fetches what will be heard next, drops what was. */
  load() {
    if (!this.node) return;
    const now = Math.min(Math.floor((this.at * this.rate) / this.index.piece_samples), this.index.pieces.length - 1);
    const near = (number) => number >= now - BEHIND && number <= now + AHEAD;
    const drop = [...this.there].filter((number) => !near(number));
    if (drop.length) this.send({ drop });
    for (const number of drop) this.there.delete(number);
    for (const [number, stop] of this.coming) if (!near(number)) stop.abort();
    for (let number = now; number <= Math.min(now + AHEAD, this.index.pieces.length - 1); number++) {
      if (!this.there.has(number) && !this.coming.has(number) && this.coming.size < 2) this.fetch(number);
    }
  }

  async fetch(number) {
    const stop = new AbortController();
    this.coming.set(number, stop);
    try {
      const parts = await fetchPiece(this.url, this.index, number, this.context, stop.signal);
      const channels = parts.filter(Boolean).flat();
      this.send({ piece: number, parts }, channels.map((channel) => channel.buffer));
      this.there.add(number);
    } catch (error) {
      if (error.name !== "AbortError") {
        await new Promise((resolve) => setTimeout(resolve, 1000)); // the server may be back soon
        this.dispatchEvent(new CustomEvent("trouble", { detail: error.message }));
      }
    } finally {
      this.coming.delete(number);
    }
    if (!this.closed) this.load();
  }

  /** How long a change takes to reach the worklet, in milliseconds. */
  async latency() {
    this.echoes ??= new Map();
    const echo = performance.now();
    await new Promise((resolve) => {
      this.echoes.set(echo, resolve);
      this.send({ echo });
    });
    this.echoes.delete(echo);
    return performance.now() - echo + 1000 * (this.context.baseLatency || 0);
  }

  close() {
    this.closed = true;
    this.pause();
    this.desk.removeEventListener("change", this.onChange);
    for (const stop of this.coming.values()) stop.abort();
    this.context?.close();
  }
}
