// One film: picture, faders, timeline; beside it results, shots and keys, each in a file of its own.

import { client } from "./client.js";
import { clock, decibels } from "./decibels.js";
import { Desk } from "./desk.js";
import { key } from "./keys.js";
import { STEMS } from "./mixer.js";
import { Player } from "./player.js";
import { Results } from "./results.js";
import { Shots } from "./shots.js";
import { Timeline } from "./timeline.js";

const KEEP_MILLISECONDS = 600; // after the last edit

export class FilmView {
  /** found: what `client.whole` gives, on its way; onAnalysed: called when the film was analysed again. */
  constructor(main, id, found, { say, onAnalysed }) {
    Object.assign(this, { main, id, found, say, onAnalysed });
    this.onKey = (event) => key(this, event);
  }

  async open() {
    const [view, features, waves, choices] = await this.found;
    if (this.closed) return;
    this.view = view;
    this.title = view.film.name;
    this.main.append(document.querySelector("#film").content.cloneNode(true));
    this.find = (id) => this.main.querySelector(`#${id}`);
    this.main.querySelector("h1").textContent = this.title;
    this.choices = choices;
    this.desk = new Desk(view, new Float32Array(features), choices.targets);
    this.makeTimeline(new Uint8Array(waves));
    this.makePlayer();
    this.makeFaders();
    this.makeTools();
    this.results = new Results(this);
    this.shots = new Shots(this);
    this.desk.addEventListener("change", ({ detail }) => this.changed(detail));
    this.desk.addEventListener("kept", () => this.keepSoon());
    this.changed({});
    document.addEventListener("keydown", this.onKey);
    this.onLeave = (event) => {
      if (!this.unkept) return;
      this.keep();
      event.preventDefault();
    };
    this.onHide = () => document.hidden && this.keep(); // phones end hidden pages without a word
    addEventListener("beforeunload", this.onLeave);
    document.addEventListener("visibilitychange", this.onHide);
    this.results.showJobs(view.film);
  }

  // ---- hearing and seeing ----

  makePlayer() {
    const video = this.find("video");
    const { has_picture: hasPicture } = this.view.film;
    if (hasPicture) video.src = client.filmUrl(this.id);
    this.player = new Player(this.desk, client.soundUrl(this.id), hasPicture ? video : null);
    video.addEventListener("error", () => this.noPicture("This browser cannot show the film's picture; small pictures stand for it."));
    video.addEventListener("click", () => this.player.toggle());
    if (!hasPicture) this.noPicture("There is no picture.");
    this.player.addEventListener("time", () => this.showTime());
    this.player.addEventListener("state", () => this.showState());
    this.player.addEventListener("listening", () => this.showListening());
    this.player.addEventListener("trouble", ({ detail }) => this.say(detail));
    this.find("play").addEventListener("click", () => this.player.toggle());
    this.find("hear-before").addEventListener("click", () => this.player.listen({ after: 0 }));
    this.find("hear-after").addEventListener("click", () => this.player.listen({ after: 1 }));
    this.showTime();
    this.showListening();
  }

  noPicture(why) {
    this.find("video").hidden = true;
    this.find("no-picture").hidden = false;
    this.find("no-picture").textContent = why;
    this.find("still").hidden = !this.view.pictures.some(([, , there]) => there);
    this.player.video = null;
    this.showTime();
  }

  showTime() {
    const { at, seconds, playing } = this.player;
    this.find("time").textContent = `${clock(at, 1)} / ${clock(seconds)}`;
    this.timeline.at(at, playing);
    const gains = STEMS.map((stem, k) => `${stem} ${decibels(this.desk.gainAt(k, at))}`).join(", ");
    const slider = this.find("timeline");
    slider.setAttribute("aria-valuemin", 0);
    slider.setAttribute("aria-valuemax", seconds.toFixed(1));
    slider.setAttribute("aria-valuenow", at.toFixed(1));
    slider.setAttribute("aria-valuetext", `${clock(at, 1)}, ${gains}`);
    if (!this.find("still").hidden) this.showStill(at);
    this.shots?.showAt(at);
    this.meter();
  }

  showStill(at) {
    const number = this.view.pictures.findLastIndex(([start, , there]) => there && start <= at + 1e-3);
    const url = number >= 0 ? client.pictureUrl(this.id, number) : "";
    if (url && this.find("still").getAttribute("src") !== url) this.find("still").src = url;
  }

  showState() {
    const { playing, starved } = this.player;
    const button = this.find("play");
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
    button.setAttribute("aria-busy", String(playing && starved));
    if (!playing) this.meter();
  }

  showListening() {
    const { after, muted, solo } = this.player.listening;
    this.find("hear-before").setAttribute("aria-checked", String(!after));
    this.find("hear-after").setAttribute("aria-checked", String(Boolean(after)));
    this.main.querySelectorAll(".fader").forEach((fader, k) => {
      fader.querySelector(".mute").setAttribute("aria-pressed", String(muted[k]));
      fader.querySelector(".solo").setAttribute("aria-pressed", String(solo[k]));
    });
    this.showMatch();
  }

  showMatch() {
    const [before, after] = this.desk.matchDb;
    const apart = Math.min(before, after);
    const { muted, solo } = this.player.listening;
    const alone = muted.some(Boolean) || solo.some(Boolean);
    const match = apart < -0.05 ? `${before < after ? "Before" : "After"} is played ${decibels(-apart).replace("+", "")} softer, so that both are equally loud.` : "Before and after are equally loud.";
    this.find("match").textContent = alone ? `${match} Mute and solo are for listening; they are not rendered.` : match;
  }

  /** The level of what is heard, from −60 dB on. */
  meter() {
    const canvas = this.find("meter");
    const c = canvas.getContext("2d");
    c.clearRect(0, 0, canvas.width, canvas.height);
    const { analyser, playing } = this.player;
    if (!analyser || !playing) return;
    this.samples ??= new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(this.samples);
    const high = this.samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const share = Math.max(0, 1 + (20 * Math.log10(Math.max(high, 1e-9))) / 60);
    c.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--effects");
    c.fillRect(0, 0, canvas.width * Math.min(1, share), canvas.height);
  }

  // ---- the desk ----

  makeFaders() {
    STEMS.forEach((stem, k) => {
      const fader = document.querySelector("#fader").content.cloneNode(true).firstElementChild;
      fader.classList.add(stem);
      fader.querySelector(".stem span").textContent = stem;
      const slider = fader.querySelector("input");
      slider.setAttribute("aria-label", `${stem}, dB`);
      this.gesture(slider, () => {
        const offsetsDb = [...this.desk.controls.offsetsDb];
        offsetsDb[k] = Number(slider.value);
        this.desk.control({ offsetsDb });
      });
      slider.addEventListener("dblclick", () => this.desk.once(() => this.desk.control({ offsetsDb: this.desk.controls.offsetsDb.with(k, 0) })));
      for (const [name, key] of [["mute", "muted"], ["solo", "solo"]]) {
        const button = fader.querySelector(`.${name}`);
        button.setAttribute("aria-label", `${name} ${stem}`);
        button.addEventListener("click", () => this.flip(key, k));
      }
      this.find("faders").append(fader);
    });
    const strength = this.find("strength");
    this.gesture(strength, () => this.desk.control({ strength: Number(strength.value) }));
    this.makeLoudness();
    this.find("undo").addEventListener("click", () => this.desk.undo());
    this.find("redo").addEventListener("click", () => this.desk.redo());
    this.find("reset").addEventListener("click", () => this.desk.reset());
  }

  makeLoudness() {
    const [select, lufs, peak] = ["loudness", "lufs", "peak"].map((id) => this.find(id));
    const targets = this.choices.targets.map((target) => new Option(`${target.name}, ${signed(target.lufs)} LUFS${target.dialogue_gated ? " dialogue" : ""}`, target.name));
    select.append(new Option("as the film", "keep"), ...targets, new Option("a number …", "own"));
    const wish = (values) => this.desk.once(() => this.desk.control(values));
    select.addEventListener("change", () => {
      const own = Math.round(this.desk.original.loudness.before_lufs ?? -23);
      wish({ loudness: select.value === "own" ? own : select.value });
      if (select.value === "own") lufs.focus();
    });
    lufs.addEventListener("change", () => (lufs.value && lufs.reportValidity() ? wish({ loudness: Number(lufs.value) }) : this.changed({})));
    peak.addEventListener("change", () => (peak.reportValidity() ? wish({ truePeakDbtp: peak.value ? Number(peak.value) : null }) : this.changed({})));
  }

  /** A slider's way from where it was to where it is let go is one step to undo. */
  gesture(slider, move) {
    slider.addEventListener("input", () => {
      this.desk.begin();
      move();
    });
    slider.addEventListener("change", () => this.desk.commit());
  }

  flip(key, k) {
    const values = this.player.listening[key].with(k, !this.player.listening[key][k]);
    this.player.listen({ [key]: values });
    this.say(`${STEMS[k]} ${values[k] ? "" : "not "}${key === "solo" ? "alone" : "muted"}`);
  }

  changed(detail) {
    const { controls, makeupDb, loudness, undos, redos, changesNothing } = this.desk;
    this.main.querySelectorAll(".fader").forEach((fader, k) => {
      fader.querySelector("input").value = controls.offsetsDb[k];
      fader.querySelector("output").textContent = decibels(controls.offsetsDb[k]);
      fader.querySelector("input").setAttribute("aria-valuetext", decibels(controls.offsetsDb[k]));
    });
    this.find("strength").value = controls.strength;
    this.find("strength-value").textContent = `${Math.round(100 * controls.strength)} %`;
    const isOwn = !["keep", ...this.desk.targets.keys()].includes(controls.loudness);
    this.find("loudness").value = isOwn ? "own" : controls.loudness;
    this.find("own-loudness").hidden = !isOwn;
    this.find("lufs").value = isOwn ? controls.loudness : "";
    this.find("peak").value = controls.truePeakDbtp ?? "";
    this.find("makeup").textContent = loudness.after === null ? "silent" : `${loudness.after.toFixed(1).replace("-", "−")} LUFS`;
    this.find("makeup").title = changesNothing ? "Nothing is changed: the render is the original." : `The whole mix is moved by ${decibels(makeupDb)}.`;
    this.find("undo").disabled = !undos.length;
    this.find("redo").disabled = !redos.length;
    this.showMatch();
    if (detail.stem === undefined && !this.desk.gesture) this.shots.showGains();
  }

  keepSoon() {
    this.unkept = true;
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), KEEP_MILLISECONDS);
  }

  async keep() {
    clearTimeout(this.keeping);
    if (!this.unkept) return;
    this.unkept = false;
    try {
      await client.keep(this.id, this.desk.plan());
    } catch (error) {
      this.unkept = true;
      this.results.trouble(error);
    }
  }

  // ---- the timeline ----

  makeTimeline(waves) {
    this.timeline = new Timeline(this.find("timeline"), this.desk, this.view, (number) => client.pictureUrl(this.id, number), {
      onSeek: (seconds) => this.player.seek(seconds),
      onRange: () => this.showScroll(),
    });
    this.timeline.waves = waves;
    this.timeline.loudest = waves.reduce((high, value) => Math.max(high, value), 0);
    this.find("timeline").addEventListener("stem", ({ detail }) => this.choose(detail));
    this.find("zoom-in").addEventListener("click", () => this.timeline.zoom(0.5));
    this.find("zoom-out").addEventListener("click", () => this.timeline.zoom(2));
    this.find("scroll").addEventListener("input", ({ target }) => {
      const [start, end] = this.timeline.shown;
      this.timeline.show(target.value * (this.timeline.seconds - (end - start)), end - start);
    });
  }

  showScroll() {
    const { shown, seconds } = this.timeline;
    const rest = seconds - (shown[1] - shown[0]);
    this.find("scroll").hidden = rest <= 0.001;
    if (rest > 0) this.find("scroll").value = shown[0] / rest;
  }

  makeTools() {
    STEMS.forEach((stem, k) => {
      const button = document.createElement("button");
      button.role = "radio";
      button.textContent = stem;
      button.setAttribute("aria-keyshortcuts", String(k + 1));
      button.addEventListener("click", () => this.choose(k));
      this.find("stems").append(button);
    });
    for (const button of this.find("tools").children) {
      button.addEventListener("click", () => this.use(button.dataset.tool));
    }
    this.choose(0);
    this.use("move");
  }

  choose(k) {
    this.timeline.stem = k;
    [...this.find("stems").children].forEach((button, j) => button.setAttribute("aria-checked", String(j === k)));
    this.timeline.draw();
  }

  use(tool) {
    this.timeline.tool = tool;
    this.find("timeline").classList.toggle("editing", tool !== "move");
    for (const button of this.find("tools").children) button.setAttribute("aria-checked", String(button.dataset.tool === tool));
  }

  close() {
    this.closed = true;
    this.results?.close();
    document.removeEventListener("keydown", this.onKey);
    removeEventListener("beforeunload", this.onLeave);
    document.removeEventListener("visibilitychange", this.onHide);
    if (!this.player) return;
    this.keep();
    this.player.close();
    this.timeline.close();
  }
}

const signed = (number) => String(number).replace("-", "−");
