// What the user has set: curves, strength, faders, loudness; what follows from it: make-up gain, equal loudness, the plan.
//
//   gain_k(t) = strength · drawn_k(t) + fader_k      in dB; `drawn` begins as the director's proposal
//
// The loudness of any mix is known from the powers between stems (BS.1770, gated): P(t) = Σ_jk g_j g_k P_jk(t).

import { dbToGain } from "./decibels.js";
import { STEMS } from "./mixer.js";

const LEAST_DIALOGUE = 0.15; // of the time, under which a dialogue-gated target is measured on the whole
const CEILING_DB = -1;
const COLUMNS = 8; // of a row of features: ss sm se mm me ee presence 0
const PAIRS = [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]];
const INAUDIBLE_DB = 0.1;
const [LOWEST_DB, HIGHEST_DB] = [-40, 20];
const MOST_UNDOS = 200;

export class Desk extends EventTarget {
  /** targets: how loud platforms want a film, as `/api/choices` tells. */
  constructor({ plan, proposal, sound }, features, targets) {
    super();
    this.original = proposal;
    this.targets = new Map(targets.map((target) => [target.name, target]));
    this.features = features;
    this.rows = features.length / COLUMNS;
    this.sound = sound;
    this.step = proposal.step_seconds;
    this.proposed = STEMS.map((stem) => Float32Array.from(proposal.gains_db[stem]));
    this.controls = controlsOf(proposal);
    this.drawn = this.proposed.map((curve) => curve.slice());
    this.undos = [];
    this.redos = [];
    this.proposedChange = this.changeLu((k, t) => this.between(this.proposed[k], t));
    this.restore(plan);
  }

  get points() {
    return this.drawn[0].length;
  }

  /** What was kept by the server: curves hold strength and faders already. */
  restore(plan) {
    this.controls = controlsOf(plan);
    const { strength, offsetsDb: offsets } = this.controls;
    if (strength > 0) {
      STEMS.forEach((stem, k) => {
        const curve = plan.gains_db[stem];
        for (let i = 0; i < this.points; i++) this.drawn[k][i] = (curve[i] - offsets[k]) / strength;
      });
    }
    this.follow();
  }

  /** dB of a stem at a point, as it will be rendered. */
  gain(k, i) {
    return clamp(this.controls.strength * this.drawn[k][i] + this.controls.offsetsDb[k], -120, 60);
  }

  /** dB of a stem at a time. */
  gainAt(k, seconds) {
    return clamp(this.controls.strength * this.between(this.drawn[k], seconds) + this.controls.offsetsDb[k], -120, 60);
  }

  between(curve, seconds) {
    const place = clamp(seconds / this.step, 0, curve.length - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, curve.length - 1);
    return curve[low] + (curve[high] - curve[low]) * (place - low);
  }

  // ---- edits: a gesture begins, moves things, and ends as one step that can be undone ----

  begin() {
    this.gesture ??= { drawn: this.drawn.map((curve) => curve.slice()), controls: structuredClone(this.controls) };
  }

  /** Moves points of a stem so that they will be rendered with these dB; `from` is the first. */
  draw(k, from, valuesDb) {
    const { strength, offsetsDb } = this.controls;
    if (strength === 0) return;
    for (let j = 0; j < valuesDb.length; j++) {
      this.drawn[k][from + j] = (clamp(valuesDb[j], LOWEST_DB, HIGHEST_DB) - offsetsDb[k]) / strength;
    }
    this.changed({ stem: k, from, count: valuesDb.length });
  }

  control(values) {
    Object.assign(this.controls, values);
    this.changed({});
  }

  commit() {
    const before = this.gesture;
    this.gesture = null;
    if (!before) return;
    const steps = STEMS.map((_, k) => difference(before.drawn[k], this.drawn[k])).map((d, k) => d && { ...d, stem: k });
    const curves = steps.filter(Boolean);
    const controls = JSON.stringify(before.controls) !== JSON.stringify(this.controls);
    if (!curves.length && !controls) return;
    this.undos.push({ curves, before: before.controls, after: structuredClone(this.controls) });
    if (this.undos.length > MOST_UNDOS) this.undos.shift();
    this.redos = [];
    this.dispatchEvent(new Event("kept"));
    this.changed({});
  }

  /** One whole gesture. */
  once(action) {
    this.begin();
    action();
    this.commit();
  }

  undo() {
    this.travel(this.undos, this.redos, "old", "before");
  }

  redo() {
    this.travel(this.redos, this.undos, "new", "after");
  }

  travel(from, to, which, controls) {
    const step = from.pop();
    if (!step) return;
    to.push(step);
    this.controls = structuredClone(step[controls]);
    for (const { stem, first, ...values } of step.curves) {
      this.drawn[stem].set(values[which], first);
      this.changed({ stem, from: first, count: values[which].length });
    }
    this.dispatchEvent(new Event("kept"));
    this.changed({});
  }

  /** Back to what the director proposed. */
  reset() {
    this.once(() => {
      this.controls = controlsOf(this.original);
      STEMS.forEach((_, k) => {
        this.drawn[k].set(this.proposed[k]);
        this.changed({ stem: k, from: 0, count: this.points });
      });
    });
  }

  changed(detail) {
    if (!this.gesture || detail.stem === undefined) this.follow();
    else this.soon();
    this.dispatchEvent(new CustomEvent("change", { detail }));
  }

  /** While a curve is dragged the loudness is reckoned once a picture. */
  soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.follow();
      this.dispatchEvent(new CustomEvent("change", { detail: {} }));
    });
  }

  // ---- what follows ----

  follow() {
    this.changesNothing = !this.audible();
    const target = this.target(this.controls.loudness);
    const { before, missing } = this.wished(target);
    this.ceilingDb = (this.controls.truePeakDbtp ?? target?.true_peak_dbtp ?? CEILING_DB) - this.sound.limit_margin_db;
    this.makeupDb = 0;
    if (before !== null && !(this.changesNothing && target === null)) {
      const change = this.changesNothing ? 0 : this.changeLu((k, t) => this.gainAt(k, t));
      // what the limiter takes of the proposal, which the planner has foretold
      const taken = this.original.makeup_db + this.proposedChange - this.wished(this.target(this.original.controls.loudness)).missing;
      this.makeupDb = Math.round(100 * clamp(missing - change + taken * this.controls.strength, -60, 60)) / 100;
    }
    this.changesNothing &&= this.makeupDb === 0;
    this.loudness = { before, after: before === null ? null : before + missing };
    this.matchDb = [Math.min(0, missing), Math.min(0, -missing)];
  }

  /** A name or a number of LUFS; null keeps the film's. */
  target(loudness) {
    if (loudness === "keep") return null;
    return this.targets.get(loudness) ?? { lufs: Number(loudness) };
  }

  /** How loud the film is, as the target measures it, and how much louder it should be. */
  wished(target) {
    const { before_lufs: whole, dialogue_before_lufs: dialogue, speech_share: share } = this.original.loudness;
    if (whole === null || target === null) return { before: whole, missing: 0 };
    const gated = target.dialogue_gated && (share ?? 0) >= LEAST_DIALOGUE;
    const before = gated && typeof dialogue === "number" ? dialogue : whole;
    return { before, missing: (gated ? target.lufs : (target.programme_lufs ?? target.lufs)) - before };
  }

  audible() {
    for (let k = 0; k < STEMS.length; k++) {
      for (let i = 0; i < this.points; i++) if (Math.abs(this.gain(k, i)) >= INAUDIBLE_DB) return true;
    }
    return false;
  }

  /** How much louder gains make the whole, in LU; compared at equal power, as the planner does. */
  changeLu(gainDb) {
    const before = new Float64Array(this.rows);
    const after = new Float64Array(this.rows);
    const g = [0, 0, 0];
    let sums = [0, 0];
    for (let t = 0; t < this.rows; t++) {
      const seconds = this.sound.first_row_seconds + t * this.sound.row_seconds;
      for (let k = 0; k < 3; k++) g[k] = dbToGain(gainDb(k, seconds));
      PAIRS.forEach(([j, k], p) => {
        const power = this.features[t * COLUMNS + p] * (j === k ? 1 : 2);
        before[t] += power;
        after[t] += g[j] * g[k] * power;
      });
      after[t] = Math.max(0, after[t]);
      sums = [sums[0] + before[t], sums[1] + after[t]];
    }
    if (!sums[0] || !sums[1]) return 0;
    const lift = sums[0] / sums[1];
    const change = integrated(after.map((power) => power * lift)) - integrated(before);
    return Number.isFinite(change) ? change - 10 * Math.log10(lift) : 0;
  }

  presence(t) {
    return this.features[t * COLUMNS + 6];
  }

  /** The plan as it will be rendered. */
  plan() {
    const gains = {};
    STEMS.forEach((stem, k) => {
      gains[stem] = Array.from(this.drawn[k], (_, i) => (this.changesNothing ? 0 : round(this.gain(k, i), 3)));
    });
    const { strength, offsetsDb, loudness, truePeakDbtp } = this.controls;
    const shots = this.original.shots.map((shot) => ({ ...shot, gains_db: this.shotGains(shot, gains) }));
    return {
      ...this.original,
      controls: {
        ...this.original.controls,
        strength,
        loudness,
        true_peak_dbtp: truePeakDbtp,
        ...Object.fromEntries(STEMS.map((stem, k) => [`${stem}_db`, offsetsDb[k]])),
      },
      loudness: { ...this.original.loudness, predicted_after_lufs: this.loudness.after },
      makeup_db: this.makeupDb,
      gains_db: gains,
      shots,
    };
  }

  shotGains(shot, gains) {
    const first = clamp(Math.ceil(shot.start_seconds / this.step - 1e-9), 0, this.points - 1);
    const last = clamp(Math.ceil(shot.end_seconds / this.step - 1e-9), first + 1, this.points);
    return Object.fromEntries(
      STEMS.map((stem, k) => {
        let sum = 0;
        for (let i = first; i < last; i++) sum += gains ? gains[stem][i] : this.gain(k, i);
        return [stem, round(sum / (last - first), 2)];
      }),
    );
  }
}

/** What a plan's controls say, as the desk holds it. */
function controlsOf({ controls }) {
  const { strength, loudness, true_peak_dbtp: truePeakDbtp } = controls;
  return { strength, offsetsDb: STEMS.map((stem) => controls[`${stem}_db`]), loudness, truePeakDbtp };
}

/** Gated loudness of rows of power: momentary sums of four rows, over −70 LUFS, then over what lies 10 LU under their mean. */
export function integrated(rows) {
  const sums = [];
  for (let t = 0; t + 4 <= rows.length; t++) {
    const power = (rows[t] + rows[t + 1] + rows[t + 2] + rows[t + 3]) / 4;
    if (power > 10 ** ((-70 + 0.691) / 10)) sums.push(power);
  }
  if (!sums.length) return -Infinity;
  const gate = mean(sums) / 10;
  return -0.691 + 10 * Math.log10(mean(sums.filter((power) => power > gate)));
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const round = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits + 0;
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The stretch in which two curves differ, or null. */
function difference(old, now) {
  let first = 0;
  while (first < old.length && old[first] === now[first]) first++;
  if (first === old.length) return null;
  let last = old.length;
  while (old[last - 1] === now[last - 1]) last--;
  return { first, old: old.slice(first, last), new: now.slice(first, last) };
}
