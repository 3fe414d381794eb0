// A look-ahead true-peak limiter, linked over the channels: the renderer's own, step for step (see `audio/peaks.py`).

import { dbToGain } from "./decibels.js";

const STEPS_PER_SECOND = 2000;
const AHEAD = 10; // steps of look-ahead
const HOLD = 20;
const RELEASE_SECONDS = 0.1;
const REACH = 24; // samples that an interpolated point sees on each side
const INAUDIBLE_DB = 1e-3;

/** Taps for the points a quarter, a half and three quarters behind a sample: sinc under a Kaiser window. */
function interpolators() {
  const i0 = (x) => {
    let term = 1;
    let sum = 1;
    for (let n = 1; n < 60; n++) sum += term *= (x / (2 * n)) ** 2;
    return sum;
  };
  return [1, 2, 3].map((phase) => {
    const taps = new Float64Array(2 * REACH);
    let sum = 0;
    for (let t = 0; t < 2 * REACH; t++) {
      const d = phase / 4 - (t + 1 - REACH);
      taps[t] = (Math.sin(Math.PI * d) / (Math.PI * d)) * i0(7 * Math.sqrt(1 - (d / REACH) ** 2));
      sum += taps[t];
    }
    return taps.map((tap) => tap / sum);
  });
}
const TAPS = interpolators();
const OVERSHOOT = Math.max(...TAPS.map((taps) => taps.reduce((sum, tap) => sum + Math.abs(tap), 0)));

export class Limiter {
  constructor(rate, channels, ceilingDb) {
    this.hold(ceilingDb);
    this.step = Math.max(1, Math.round(rate / STEPS_PER_SECOND));
    this.latency = (AHEAD + 2) * this.step + REACH;
    this.decay = Math.exp(-1 / (RELEASE_SECONDS * STEPS_PER_SECOND));
    this.kernel = Float64Array.from({ length: AHEAD + 1 }, (_, a) => Math.sin((Math.PI * (a + 1)) / (AHEAD + 2)) ** 2);
    const sum = this.kernel.reduce((a, b) => a + b);
    this.kernel = this.kernel.map((tap) => tap / sum);
    this.needed = new Float64Array(AHEAD + HOLD + 2);
    this.released = new Float64Array(AHEAD + 1);
    this.gain = 1;
    // Before the sound lies silence: what waits for the look-ahead, and one step more for the points between samples.
    this.behind = (AHEAD + 1) * this.step;
    this.input = Array.from({ length: channels }, () => new Float32Array(this.behind + REACH - 1 + this.step));
    this.ready = Array.from({ length: channels }, () => new Float32Array(REACH));
  }

  /** From now on under this ceiling. */
  hold(ceilingDb) {
    this.ceilingDb = ceilingDb;
    this.ceiling = dbToGain(ceilingDb);
  }

  /** [C] arrays of n samples to as many, late by `latency`. */
  push(block) {
    const n = block[0].length;
    this.input = this.input.map((rest, c) => joined(rest, block[c]));
    const steps = Math.max(0, Math.floor((this.input[0].length - this.behind - 2 * REACH + 1) / this.step));
    const done = this.input.map(() => new Float32Array(steps * this.step));
    for (let d = 0; d < steps; d++) this.advance(d * this.step, done);
    this.input = this.input.map((rest) => rest.slice(steps * this.step));
    const ready = this.ready.map((samples, c) => joined(samples, done[c]));
    this.ready = ready.map((samples) => samples.slice(n));
    return ready.map((samples) => samples.slice(0, n));
  }

  /** One step of the input from `start` is analysed; the step that has waited longest leaves. */
  advance(start, done) {
    const before = this.gain;
    this.gain = dbToGain(-this.reduction(this.peak(this.behind + start)));
    for (let c = 0; c < this.input.length; c++) {
      for (let j = 0; j < this.step; j++) {
        done[c][start + j] = this.input[c][REACH - 1 + start + j] * (before + ((this.gain - before) * j) / this.step);
      }
    }
  }

  /** The highest point of a step over the ceiling, between samples too; the ceiling where there is none. */
  peak(start) {
    let highest = this.ceiling;
    for (const samples of this.input) {
      let around = 0;
      for (let j = start; j < start + this.step + 2 * REACH - 1; j++) around = Math.max(around, Math.abs(samples[j]));
      if (around * OVERSHOOT <= highest) continue;
      for (let j = start; j < start + this.step; j++) {
        highest = Math.max(highest, Math.abs(samples[j + REACH - 1]));
        for (let p = 0; p < TAPS.length; p++) {
          const taps = TAPS[p];
          let point = 0;
          for (let t = 0; t < 2 * REACH; t++) point += taps[t] * samples[j + t];
          highest = Math.max(highest, Math.abs(point));
        }
      }
    }
    return highest;
  }

  /** dB, late by AHEAD steps: held, released, smoothed. */
  reduction(peak) {
    this.needed.copyWithin(0, 1);
    this.needed[this.needed.length - 1] = peak > this.ceiling ? 20 * Math.log10(peak / this.ceiling) : 0;
    const held = Math.max(...this.needed);
    const decayed = this.released[AHEAD] * this.decay;
    this.released.copyWithin(0, 1);
    this.released[AHEAD] = Math.max(held, decayed < INAUDIBLE_DB ? 0 : decayed);
    return this.kernel.reduce((sum, tap, a) => sum + tap * this.released[a], 0);
  }
}

function joined(first, second) {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
