// The timeline's picture, lane by lane from top to bottom: pictures with cuts, waves, presence of speech, gain curves.

import { clock, decibels } from "./decibels.js";
import { clamp } from "./desk.js";
import { STEMS } from "./mixer.js";

export const LANES = { pictures: [6, 60], waves: [72, 96], presence: [172, 8], gains: [190, 0], times: [0, 20] };
export const [GAIN_LOW, GAIN_HIGH] = [-20, 16]; // dB that the lane shows
export const LEFT = 54; // pixels for the scale
const COLOURS = [...STEMS, "grid", "quiet", "cut", "select", "focus"];
const DASHES = [[], [10, 6], [2.5, 5.5]]; // where the last two are alike, every other dot lies in a gap of the dashes
const DOTS_BEGIN = 4.25; // pixels

export function paint(timeline) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [timeline.width, timeline.height];
  if (!width) return;
  if (timeline.canvas.width !== Math.round(width * ratio) || timeline.canvas.height !== Math.round(height * ratio)) {
    timeline.canvas.width = Math.round(width * ratio);
    timeline.canvas.height = Math.round(height * ratio);
  }
  const style = getComputedStyle(document.documentElement);
  const colours = new Map(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  timeline.colour = (name) => colours.get(name);
  const c = timeline.context;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.font = "11px system-ui, sans-serif";
  c.save();
  c.beginPath();
  c.rect(LEFT, 0, width - LEFT, height);
  c.clip();
  paintPictures(timeline, c);
  paintWaves(timeline, c);
  paintPresence(timeline, c);
  paintGrid(timeline, c);
  paintCuts(timeline, c);
  paintRange(timeline, c);
  paintCurves(timeline, c);
  c.restore();
  paintScale(timeline, c);
}

function paintPictures(timeline, c) {
  const [top, height] = LANES.pictures;
  timeline.view.pictures.forEach(([start, end, there], number) => {
    const [left, right] = [timeline.x(start), timeline.x(end)];
    if (right < LEFT || left > timeline.width) return;
    c.fillStyle = timeline.colour("grid");
    c.fillRect(left, top, right - left - 1, height);
    const image = there && timeline.image(number);
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

function paintWaves(timeline, c) {
  const [top, whole] = LANES.waves;
  const height = whole / STEMS.length;
  const perSecond = timeline.view.waves_per_second;
  const loudest = Math.max(1, timeline.loudest);
  STEMS.forEach((stem, k) => {
    const middle = top + height * (k + 0.5);
    c.fillStyle = timeline.colour(stem);
    c.globalAlpha = k === timeline.stem ? 0.9 : 0.55;
    for (let x = LEFT; x < timeline.width; x++) {
      const first = Math.max(0, Math.floor(timeline.time(x) * perSecond));
      const last = Math.max(first + 1, Math.floor(timeline.time(x + 1) * perSecond));
      let high = 0;
      for (let i = first; i < last; i++) high = Math.max(high, timeline.waves[i * STEMS.length + k] || 0);
      const half = Math.max(0.5, (high / loudest) * (height / 2 - 1));
      c.fillRect(x, middle - half, 1, 2 * half);
    }
    c.globalAlpha = 1;
  });
}

function paintPresence(timeline, c) {
  const [top, height] = LANES.presence;
  const { row_seconds: row, first_row_seconds: first } = timeline.desk.sound;
  c.fillStyle = timeline.colour("grid");
  c.fillRect(LEFT, top, timeline.width - LEFT, height);
  c.fillStyle = timeline.colour("speech");
  for (let x = LEFT; x < timeline.width; x += 2) {
    const t = clamp(Math.round((timeline.time(x) - first) / row), 0, timeline.desk.rows - 1);
    const presence = timeline.desk.presence(t);
    if (presence <= 0.05) continue;
    c.globalAlpha = presence;
    c.fillRect(x, top, 2, height);
  }
  c.globalAlpha = 1;
}

function paintGrid(timeline, c) {
  const [top, height] = timeline.gainsLane;
  for (let db = -20; db <= 15; db += 5) {
    c.fillStyle = timeline.colour(db === 0 ? "quiet" : "grid");
    c.fillRect(LEFT, Math.round(timeline.y(db)), timeline.width - LEFT, 1);
  }
  const step = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800].find((s) => timeline.x(s) - timeline.x(0) > 64) ?? 3600;
  c.textAlign = "center";
  for (let t = Math.ceil(timeline.shown[0] / step) * step; t <= timeline.shown[1]; t += step) {
    c.fillStyle = timeline.colour("quiet");
    c.fillRect(Math.round(timeline.x(t)), top + height + 2, 1, 4);
    c.fillText(clock(t, step < 1 ? 1 : 0), clamp(timeline.x(t), LEFT + 14, timeline.width - 16), timeline.height - 6);
  }
}

function paintCuts(timeline, c) {
  c.fillStyle = timeline.colour("cut");
  let last = -10;
  for (const { start_seconds: start } of timeline.view.proposal.shots.slice(1)) {
    const x = Math.round(timeline.x(start));
    if (x < LEFT || x > timeline.width || x - last < 2) continue;
    last = x;
    c.fillRect(x, LANES.pictures[0], 1, LANES.pictures[1] + 6);
    c.globalAlpha = 0.4;
    c.fillRect(x, LANES.waves[0], 1, timeline.height - LANES.waves[0] - LANES.times[1]);
    c.globalAlpha = 1;
  }
}

function paintRange(timeline, c) {
  if (!timeline.range) return;
  const [start, end] = timeline.range;
  c.fillStyle = timeline.colour("select");
  c.fillRect(timeline.x(start), 0, timeline.x(end) - timeline.x(start), timeline.height - LANES.times[1]);
  c.fillStyle = timeline.colour("focus");
  for (const t of timeline.range) c.fillRect(Math.round(timeline.x(t)), 0, 1, timeline.height - LANES.times[1]);
}

function paintCurves(timeline, c) {
  const order = [0, 1, 2].filter((k) => k !== timeline.stem).concat(timeline.stem);
  for (const k of order) {
    c.strokeStyle = timeline.colour(STEMS[k]);
    c.lineWidth = k === timeline.stem ? 2.5 : 2;
    c.setLineDash(DASHES[k]);
    c.lineDashOffset = k === 2 ? DOTS_BEGIN : 0;
    c.globalAlpha = k === timeline.stem ? 1 : 0.85;
    c.beginPath();
    for (let x = LEFT; x <= timeline.width; x++) {
      const y = timeline.y(timeline.desk.gainAt(k, clamp(timeline.time(x), 0, timeline.seconds)));
      if (x === LEFT) c.moveTo(x, y);
      else c.lineTo(x, y);
    }
    c.stroke();
  }
  c.setLineDash([]);
  c.globalAlpha = 1;
  if (timeline.hover) {
    c.fillStyle = timeline.colour(STEMS[timeline.stem]);
    c.beginPath();
    c.arc(timeline.x(timeline.hover), timeline.y(timeline.desk.gainAt(timeline.stem, timeline.hover)), 5, 0, 7);
    c.fill();
  }
}

function paintScale(timeline, c) {
  c.fillStyle = timeline.colour("quiet");
  c.textAlign = "right";
  for (const db of [-20, -10, 0, 10]) c.fillText(decibels(db, 0), LEFT - 5, timeline.y(db) + 4);
  STEMS.forEach((stem, k) => {
    c.fillStyle = timeline.colour(stem);
    c.fillText(stem, LEFT - 4, LANES.waves[0] + (LANES.waves[1] / 3) * (k + 0.5) + 4);
  });
  c.fillStyle = timeline.colour("quiet");
  c.fillText("talking", LEFT - 4, LANES.presence[0] + LANES.presence[1] / 2 + 4);
}
