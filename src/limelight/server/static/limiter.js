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
    this.ceilingDb = ceilingDb;
    this.ceiling = dbToGain(ceilingDb);
    this.step = Math.max(1, Math.round(rate / STEPS_PER_SECOND));
    this.latency = (AHEAD + 2) * this.step + REACH;
    this.decay = Math.exp(-1 / (RELEASE_SECONDS * STEPS_PER_SECOND));
    this.kernel = Float64Array.from({ length: AHEAD + 1 }, (_, a) => Math.sin((Math.PI * (a + 1)) / (AHEAD + 2)) ** 2);
    const sum = this.kernel.reduce((a, b) => a + b);
    this.kernel = this.kernel.map((tap) => tap / sum);
    this.needed = new Float64Array(AHEAD + HOLD + 2);
    this.released = new Float64Array(AHEAD + 1);
    this.gain = 1;
    // one step of silence goes first, for the points between samples before the first
    this.input = Array.from({ length: channels }, () => new Float32Array(REACH - 1 + this.step));
    this.waiting = Array.from({ length: channels }, () => new Float32Array((AHEAD + 1) * this.step));
    this.ready = Array.from({ length: channels }, () => new Float32Array(this.latency - (AHEAD + 2) * this.step));
  }

  /** [C] arrays of n samples to as many, late by `latency`. */
  push(block) {
    const n = block[0].length;
    this.input = this.input.map((rest, c) => joined(rest, block[c]));
    const steps = Math.max(0, Math.floor((this.input[0].length - 2 * REACH + 1) / this.step));
    for (let d = 0; d < steps; d++) this.advance(d * this.step);
    this.input = this.input.map((rest) => rest.slice(steps * this.step));
    const out = this.ready.map((samples) => samples.slice(0, n));
    this.ready = this.ready.map((samples) => samples.slice(n));
    return out;
  }

  /** One step of the input from `start` is analysed; the step that has waited longest leaves. */
  advance(start) {
    const before = this.gain;
    this.gain = dbToGain(-this.reduction(this.peak(start)));
    const begin = REACH - 1 + start;
    for (let c = 0; c < this.input.length; c++) {
      const queue = joined(this.waiting[c], this.input[c].subarray(begin, begin + this.step));
      const out = new Float32Array(this.step);
      for (let j = 0; j < this.step; j++) out[j] = queue[j] * (before + ((this.gain - before) * j) / this.step);
      this.ready[c] = joined(this.ready[c], out);
      this.waiting[c] = queue.slice(this.step);
    }
  }

  peak(start) {
    let highest = 0;
    for (const samples of this.input) {
      let around = 0;
      for (let j = 0; j < this.step + 2 * REACH - 1; j++) around = Math.max(around, Math.abs(samples[start + j]));
      if (around * OVERSHOOT <= this.ceiling) continue;
      for (let j = 0; j < this.step; j++) {
        highest = Math.max(highest, Math.abs(samples[start + REACH - 1 + j]));
        for (const taps of TAPS) {
          let point = 0;
          for (let t = 0; t < 2 * REACH; t++) point += taps[t] * samples[start + j + t];
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
