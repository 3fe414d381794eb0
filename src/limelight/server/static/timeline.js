// The film over time: pictures with cuts, waves of the stems, presence of speech, gain curves that can be moved.

import { clock, decibels } from "./decibels.js";
import { clamp } from "./desk.js";
import { STEMS } from "./mixer.js";

const LANES = { pictures: [6, 60], waves: [72, 96], presence: [172, 8], gains: [190, 0], times: [0, 20] };
const [GAIN_LOW, GAIN_HIGH] = [-20, 16]; // dB that the lane shows
const LEFT = 54; // pixels for the scale
const COLOURS = [...STEMS, "grid", "quiet", "cut", "select", "focus"];
const DASHES = [[], [7, 3], [2, 2.5]];
const GRAB_PIXELS = 14;
const BELL_SECONDS = 0.35; // how far neighbours follow a dragged point, at least
const RAMP_SECONDS = 0.3; // at the edges of a stretch
const SHORTEST_SECONDS = 2; // that are shown

export class Timeline {
  constructor(element, desk, view, urlOfPicture, { onSeek, onRange }) {
    Object.assign(this, { element, desk, view, urlOfPicture, onSeek, onRange });
    this.canvas = element.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.seconds = desk.sound.samples / desk.sound.sample_rate;
    this.shown = [0, this.seconds];
    this.now = 0;
    this.stem = 0;
    this.tool = "move";
    this.range = null;
    this.images = new Map();
    this.waves = new Uint8Array();
    this.head = element.querySelector(".head"); // where the ear is: moved thirty times a second, so nothing is painted for it
    this.width = this.height = 0; // kept, because asking an element for its size costs a layout
    this.watch = new ResizeObserver(([{ contentRect }]) => this.resize(contentRect));
    this.watch.observe(this.canvas);
    this.resize(this.canvas.getBoundingClientRect());
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.onScheme = () => this.draw();
    this.scheme.addEventListener("change", this.onScheme);
    desk.addEventListener("change", this.onScheme);
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.canvas.addEventListener(kind, (event) => this[kind](event));
    }
    this.canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  close() {
    this.watch.disconnect();
    this.scheme.removeEventListener("change", this.onScheme);
    this.desk.removeEventListener("change", this.onScheme);
    cancelAnimationFrame(this.asked);
  }

  // ---- where things are ----

  resize({ width, height }) {
    Object.assign(this, { width, height });
    this.place();
    this.draw();
  }
  get gainsLane() {
    return [LANES.gains[0], this.height - LANES.gains[0] - LANES.times[1] - 6];
  }
  x(seconds) {
    return LEFT + ((seconds - this.shown[0]) / (this.shown[1] - this.shown[0])) * (this.width - LEFT);
  }
  time(x) {
    return this.shown[0] + ((x - LEFT) / (this.width - LEFT)) * (this.shown[1] - this.shown[0]);
  }
  y(db) {
    const [top, height] = this.gainsLane;
    return top + ((GAIN_HIGH - clamp(db, GAIN_LOW, GAIN_HIGH)) / (GAIN_HIGH - GAIN_LOW)) * height;
  }
  db(y) {
    const [top, height] = this.gainsLane;
    return GAIN_HIGH - ((y - top) / height) * (GAIN_HIGH - GAIN_LOW);
  }

  show(start, length) {
    const long = clamp(length, Math.min(SHORTEST_SECONDS, this.seconds), this.seconds);
    const first = clamp(start, 0, this.seconds - long);
    this.shown = [first, first + long];
    this.place();
    this.draw();
    this.onRange();
  }

  zoom(factor, around = this.now) {
    const [start, end] = this.shown;
    const middle = around >= start && around <= end ? around : (start + end) / 2;
    this.show(middle - (middle - start) * factor, (end - start) * factor);
  }

  /** Where the ear is; what is shown turns the page. */
  at(seconds, playing) {
    this.now = seconds;
    const [start, end] = this.shown;
    if (playing && (seconds > end || seconds < start)) this.show(seconds, end - start);
    this.place();
  }

  /** The line where the ear is. */
  place() {
    const x = this.x(this.now);
    this.head.hidden = x < LEFT || x > this.width;
    this.head.style.transform = `translateX(${x}px)`;
  }

  // ---- drawing ----

  draw() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = undefined;
      this.paint();
    });
  }

  paint() {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [this.width, this.height];
    if (!width) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const style = getComputedStyle(document.documentElement);
    const colours = new Map(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    this.colour = (name) => colours.get(name);
    const c = this.context;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    c.font = "11px system-ui, sans-serif";
    c.save();
    c.beginPath();
    c.rect(LEFT, 0, width - LEFT, height);
    c.clip();
    this.paintPictures(c);
    this.paintWaves(c);
    this.paintPresence(c);
    this.paintGrid(c);
    this.paintCuts(c);
    this.paintRange(c);
    this.paintCurves(c);
    c.restore();
    this.paintScale(c);
  }

  paintPictures(c) {
    const [top, height] = LANES.pictures;
    this.view.pictures.forEach(([start, end, there], number) => {
      const [left, right] = [this.x(start), this.x(end)];
      if (right < LEFT || left > this.width) return;
      c.fillStyle = this.colour("grid");
      c.fillRect(left, top, right - left - 1, height);
      const image = there && this.image(number);
      if (!image || right - left < 3) return;
      c.save();
      c.beginPath();
      c.rect(left, top, right - left - 1, height);
      c.clip();
      const wide = (image.naturalWidth / image.naturalHeight) * height;
      if (right - left <= wide) c.drawImage(image, (left + right - wide) / 2, top, wide, height);
      else for (let x = left; x < right; x += wide) c.drawImage(image, x, top, wide, height);
      c.restore();
    });
  }

  /** Loaded when it is first seen. */
  image(number) {
    const known = this.images.get(number);
    if (known) return known.complete && known.naturalWidth ? known : null;
    const image = new Image();
    image.onload = () => this.draw();
    image.src = this.urlOfPicture(number);
    this.images.set(number, image);
    return null;
  }

  paintWaves(c) {
    const [top, whole] = LANES.waves;
    const height = whole / STEMS.length;
    const perSecond = this.view.waves_per_second;
    STEMS.forEach((stem, k) => {
      const middle = top + height * (k + 0.5);
      c.fillStyle = this.colour(stem);
      c.globalAlpha = k === this.stem ? 0.9 : 0.55;
      for (let x = LEFT; x < this.width; x++) {
        const first = Math.max(0, Math.floor(this.time(x) * perSecond));
        const last = Math.max(first + 1, Math.floor(this.time(x + 1) * perSecond));
        let high = 0;
        for (let i = first; i < last; i++) high = Math.max(high, this.waves[i * STEMS.length + k] || 0);
        const half = Math.max(0.5, (high / 255) * (height / 2 - 1));
        c.fillRect(x, middle - half, 1, 2 * half);
      }
      c.globalAlpha = 1;
    });
  }

  paintPresence(c) {
    const [top, height] = LANES.presence;
    const { row_seconds: row, first_row_seconds: first } = this.desk.sound;
    c.fillStyle = this.colour("grid");
    c.fillRect(LEFT, top, this.width - LEFT, height);
    c.fillStyle = this.colour("speech");
    for (let x = LEFT; x < this.width; x += 2) {
      const t = clamp(Math.round((this.time(x) - first) / row), 0, this.desk.rows - 1);
      const presence = this.desk.presence(t);
      if (presence <= 0.05) continue;
      c.globalAlpha = presence;
      c.fillRect(x, top, 2, height);
    }
    c.globalAlpha = 1;
  }

  paintGrid(c) {
    const [top, height] = this.gainsLane;
    for (let db = -20; db <= 15; db += 5) {
      c.fillStyle = this.colour(db === 0 ? "quiet" : "grid");
      c.fillRect(LEFT, Math.round(this.y(db)), this.width - LEFT, 1);
    }
    const step = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800].find((s) => this.x(s) - this.x(0) > 64) ?? 3600;
    c.textAlign = "center";
    for (let t = Math.ceil(this.shown[0] / step) * step; t <= this.shown[1]; t += step) {
      c.fillStyle = this.colour("quiet");
      c.fillRect(Math.round(this.x(t)), top + height + 2, 1, 4);
      c.fillText(clock(t, step < 1 ? 1 : 0), clamp(this.x(t), LEFT + 14, this.width - 16), this.height - 6);
    }
  }

  paintCuts(c) {
    c.fillStyle = this.colour("cut");
    let last = -10;
    for (const { start_seconds: start } of this.view.proposal.shots.slice(1)) {
      const x = Math.round(this.x(start));
      if (x < LEFT || x > this.width || x - last < 2) continue;
      last = x;
      c.fillRect(x, LANES.pictures[0], 1, LANES.pictures[1] + 6);
      c.globalAlpha = 0.4;
      c.fillRect(x, LANES.waves[0], 1, this.height - LANES.waves[0] - LANES.times[1]);
      c.globalAlpha = 1;
    }
  }

  paintRange(c) {
    if (!this.range) return;
    const [start, end] = this.range;
    c.fillStyle = this.colour("select");
    c.fillRect(this.x(start), 0, this.x(end) - this.x(start), this.height - LANES.times[1]);
    c.fillStyle = this.colour("focus");
    for (const t of this.range) c.fillRect(Math.round(this.x(t)), 0, 1, this.height - LANES.times[1]);
  }

  paintCurves(c) {
    const order = [0, 1, 2].filter((k) => k !== this.stem).concat(this.stem);
    for (const k of order) {
      c.strokeStyle = this.colour(STEMS[k]);
      c.lineWidth = k === this.stem ? 2.5 : 1.5;
      c.setLineDash(DASHES[k]);
      c.globalAlpha = k === this.stem ? 1 : 0.65;
      c.beginPath();
      for (let x = LEFT; x <= this.width; x++) {
        const y = this.y(this.desk.gainAt(k, clamp(this.time(x), 0, this.seconds)));
        if (x === LEFT) c.moveTo(x, y);
        else c.lineTo(x, y);
      }
      c.stroke();
    }
    c.setLineDash([]);
    c.globalAlpha = 1;
    if (this.hover) {
      c.fillStyle = this.colour(STEMS[this.stem]);
      c.beginPath();
      c.arc(this.x(this.hover), this.y(this.desk.gainAt(this.stem, this.hover)), 5, 0, 7);
      c.fill();
    }
  }

  paintScale(c) {
    c.fillStyle = this.colour("quiet");
    c.textAlign = "right";
    for (const db of [-20, -10, 0, 10]) c.fillText(decibels(db, 0), LEFT - 5, this.y(db) + 4);
    STEMS.forEach((stem, k) => {
      c.fillStyle = this.colour(stem);
      c.fillText(stem, LEFT - 4, LANES.waves[0] + (LANES.waves[1] / 3) * (k + 0.5) + 4);
    });
  }

  // ---- hands ----

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  inGains(y) {
    const [top, height] = this.gainsLane;
    return y >= top - 8 && y <= top + height + 4;
  }

  /** The curve under a point, the chosen one first. */
  curveAt(x, y) {
    const seconds = clamp(this.time(x), 0, this.seconds);
    const apart = (k) => Math.abs(this.y(this.desk.gainAt(k, seconds)) - y) - (k === this.stem ? 4 : 0);
    const nearest = [0, 1, 2].sort((a, b) => apart(a) - apart(b))[0];
    return apart(nearest) <= GRAB_PIXELS ? nearest : null;
  }

  pointerdown(event) {
    if (event.button !== 0) return;
    const [x, y] = this.point(event);
    const seconds = clamp(this.time(x), 0, this.seconds);
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = { kind: "seek", x, y, seconds };
    if (this.inGains(y) && x >= LEFT) {
      if (this.tool === "draw") this.drag = { ...this.drag, kind: "draw", last: [seconds, this.db(y)] };
      else if (this.tool === "range") {
        const inside = this.range && seconds >= this.range[0] && seconds <= this.range[1];
        this.drag.kind = inside ? "lift" : "range";
      } else {
        const stem = this.curveAt(x, y);
        if (stem !== null) {
          this.drag.kind = "move";
          if (stem !== this.stem) this.element.dispatchEvent(new CustomEvent("stem", { detail: stem }));
        }
      }
    }
    if (["draw", "move", "lift"].includes(this.drag.kind)) {
      this.desk.begin();
      this.drag.curve = Float32Array.from({ length: this.desk.points }, (_, i) => this.desk.gain(this.stem, i));
    }
    if (this.drag.kind === "seek") this.onSeek(seconds);
    if (this.drag.kind === "draw") this.drawTo(seconds, this.db(y));
  }

  pointermove(event) {
    const [x, y] = this.point(event);
    const seconds = clamp(this.time(x), 0, this.seconds);
    const { drag } = this;
    if (!drag) {
      const hover = this.tool === "move" && this.inGains(y) && this.curveAt(x, y) === this.stem ? seconds : null;
      this.canvas.style.cursor = hover !== null ? "grab" : this.inGains(y) && this.tool !== "move" ? "crosshair" : "default";
      if (hover !== this.hover) this.draw();
      this.hover = hover;
      return;
    }
    if (drag.kind === "seek") this.onSeek(seconds);
    if (drag.kind === "range") this.choose(Math.min(drag.seconds, seconds), Math.max(drag.seconds, seconds));
    if (drag.kind === "move") {
      this.hover = drag.seconds;
      const wide = Math.max(BELL_SECONDS, 0.02 * (this.shown[1] - this.shown[0]));
      this.lift(drag.curve, this.db(y) - this.db(drag.y), (t) => Math.exp(-0.5 * ((t - drag.seconds) / wide) ** 2), drag.seconds - 4 * wide, drag.seconds + 4 * wide);
    }
    if (drag.kind === "lift") this.liftRange(drag.curve, this.db(y) - this.db(drag.y));
    if (drag.kind === "draw") this.drawTo(seconds, this.db(y));
  }

  pointerup(event) {
    const drag = this.drag;
    this.drag = null;
    if (!drag) return;
    if (event.type === "pointercancel" && drag.curve) this.desk.draw(this.stem, 0, drag.curve);
    if (drag.kind === "range" && Math.abs(this.point(event)[0] - drag.x) < 3) {
      this.choose(null);
      this.onSeek(drag.seconds);
    }
    this.desk.commit();
  }

  pointercancel(event) {
    this.pointerup(event);
  }

  wheel(event) {
    const [x] = this.point(event);
    const [start, end] = this.shown;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(1.0015 ** event.deltaY, this.time(x));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && end - start < this.seconds) {
      event.preventDefault();
      this.show(start + (event.deltaX / this.width) * (end - start), end - start);
    }
  }

  choose(start, end) {
    this.range = start === null ? null : [start, end];
    this.draw();
  }

  /** Raises points between two times by a weighted number of dB over what they were. */
  lift(curve, db, weight, start, end) {
    const first = clamp(Math.floor(start / this.desk.step), 0, this.desk.points - 1);
    const last = clamp(Math.ceil(end / this.desk.step), first, this.desk.points - 1);
    const values = Array.from({ length: last - first + 1 }, (_, j) => curve[first + j] + db * weight((first + j) * this.desk.step));
    this.desk.draw(this.stem, first, values);
  }

  liftRange(curve, db) {
    const [start, end] = this.range;
    const ramp = Math.min(RAMP_SECONDS, (end - start) / 4);
    const weight = (t) => clamp(Math.min(t - start, end - t) / Math.max(ramp, 1e-6) + 0.5, 0, 1);
    this.lift(curve, db, weight, start - ramp, end + ramp);
  }

  /** Free hand: a straight line from where the hand was. */
  drawTo(seconds, db) {
    const [from, fromDb] = this.drag.last;
    const point = (t) => clamp(Math.round(t / this.desk.step), 0, this.desk.points - 1);
    const [a, b] = [point(Math.min(from, seconds)), point(Math.max(from, seconds))];
    const values = Array.from({ length: b - a + 1 }, (_, j) => {
      const share = a === b ? 1 : clamp(((a + j) * this.desk.step - from) / (seconds - from), 0, 1);
      return fromDb + (db - fromDb) * share;
    });
    this.desk.draw(this.stem, a, values);
    this.drag.last = [seconds, db];
  }

  /** With the keyboard: the chosen stretch, or a bell where the ear is. */
  nudge(db) {
    this.desk.once(() => {
      const curve = Float32Array.from({ length: this.desk.points }, (_, i) => this.desk.gain(this.stem, i));
      const { now } = this;
      if (this.range) this.liftRange(curve, db);
      else this.lift(curve, db, (t) => Math.exp(-0.5 * ((t - now) / BELL_SECONDS) ** 2), now - 4 * BELL_SECONDS, now + 4 * BELL_SECONDS);
    });
  }
}
