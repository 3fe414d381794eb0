// The film over time, as it is moved by hands and keys; painting.js paints it.

import { clamp } from "./desk.js";
import { GAIN_HIGH, GAIN_LOW, LANES, LEFT, paint } from "./painting.js";

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
    this.loudest = 0; // of the waves
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
    // A finger that has taken hold of a curve does not scroll the page as well.
    this.canvas.addEventListener("touchstart", (event) => {
      if (this.drag && this.drag.kind !== "seek") event.preventDefault();
    }, { passive: false });
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
      paint(this);
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
