// One film: picture, faders, timeline, results, shots, and the keys.

import { choicesForm } from "./choices.js";
import { client } from "./client.js";
import { clock, decibels } from "./decibels.js";
import { Desk } from "./desk.js";
import { progressOf } from "./library.js";
import { STEMS } from "./mixer.js";
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";

const KEEP_MILLISECONDS = 600; // after the last edit
const KINDS = { tracks: "Soundtracks", analyse: "Analysis", render: "Film", stems: "Stems", timeline: "Timeline" };

export class FilmView {
  /** found: what `client.whole` gives, on its way; onAnalysed: called when the film was analysed again. */
  constructor(main, id, found, { say, onAnalysed }) {
    Object.assign(this, { main, id, found, say, onAnalysed });
    this.onKey = (event) => this.key(event);
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
    this.makeResults();
    this.makeShots();
    this.desk.addEventListener("change", ({ detail }) => this.changed(detail));
    this.desk.addEventListener("kept", () => this.keepSoon());
    this.changed({});
    document.addEventListener("keydown", this.onKey);
    this.onLeave = (event) => this.unkept && event.preventDefault();
    addEventListener("beforeunload", this.onLeave);
    this.showJobs(view.film);
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
    this.showShotAt(at);
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
    if (detail.stem === undefined && !this.desk.gesture) this.showGains();
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
      this.trouble(error);
    }
  }

  // ---- the timeline ----

  makeTimeline(waves) {
    this.timeline = new Timeline(this.find("timeline"), this.desk, this.view, (number) => client.pictureUrl(this.id, number), {
      onSeek: (seconds) => this.player.seek(seconds),
      onRange: () => this.showScroll(),
    });
    this.timeline.waves = waves;
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

  // ---- shots ----

  makeShots() {
    const { proposal, pictures, film } = this.view;
    const notes = film.jobs.findLast((job) => job.kind === "analyse" && job.state === "done")?.facts.notes ?? [];
    const style = proposal.style ? `, in the style ${proposal.style.name}` : "";
    const stems = proposal.source.tracks ? "stems are the film's tracks" : `stems by ${proposal.model.name}`;
    const decider = proposal.director ? `Decided by ${proposal.director.name}${style}; ${stems}.` : "";
    this.find("notes").textContent = [decider, ...notes].join(" ");
    this.rows = proposal.shots.map((shot, n) => {
      const row = document.createElement("tr");
      const go = document.createElement("button");
      go.append(clock(shot.start_seconds, 1));
      go.setAttribute("aria-label", `Shot ${n + 1}, go to ${clock(shot.start_seconds, 1)}`);
      const number = pictures.findIndex(([start, end, there]) => there && start >= shot.start_seconds - 0.01 && end <= shot.end_seconds + 0.01);
      if (number >= 0) {
        const image = new Image();
        image.loading = "lazy";
        image.alt = "";
        image.src = client.pictureUrl(this.id, number);
        go.prepend(image);
      }
      go.addEventListener("click", () => this.player.seek(shot.start_seconds));
      row.insertCell().append(go);
      const why = row.insertCell();
      why.append(shot.reason);
      const { heard, seen } = told(shot);
      for (const line of heard) why.append(element("span", "more", line));
      if (seen.length) {
        const details = document.createElement("details");
        details.append(element("summary", "", "Seen"), ...seen.map((line) => element("span", "more", line)));
        why.append(details);
      }
      for (const stem of STEMS) {
        const cell = row.insertCell();
        cell.className = `db ${stem}`;
        cell.dataset.stem = stem;
      }
      this.find("shots").append(row);
      return row;
    });
    this.showGains();
  }

  showGains() {
    this.rows?.forEach((row, n) => {
      const gains = this.desk.shotGains(this.view.proposal.shots[n]);
      STEMS.forEach((stem, k) => (row.cells[2 + k].textContent = decibels(gains[stem])));
    });
  }

  showShotAt(at) {
    const shots = this.view.proposal.shots;
    const now = shots.findLastIndex((shot) => shot.start_seconds <= at + 1e-3);
    if (now === this.shot) return;
    this.rows?.[this.shot]?.classList.remove("now");
    this.rows?.[now]?.classList.add("now");
    this.shot = now;
  }

  // ---- results ----

  makeResults() {
    this.find("plan-file").href = client.planFileUrl(this.id);
    this.find("plan-file").addEventListener("click", async (event) => {
      if (!this.unkept) return;
      event.preventDefault();
      await this.keep();
      event.target.click();
    });
    this.makeDelivery();
    this.makeAgain();
    this.find("render").addEventListener("click", () => this.submit("render", { choices: this.delivery() }));
    this.find("make-stems").addEventListener("click", () => this.submit("stems"));
    this.find("make-timeline").addEventListener("click", () => this.submit("timeline", { editors: [this.find("editor").value] }));
  }

  makeDelivery() {
    this.find("codec").append(...this.choices.codecs.map((codec) => new Option(codec, codec)));
    if (this.view.plan.source.tracks) this.find("add-track").nextElementSibling.textContent = "Keep the original soundtracks too, behind the mix";
    this.find("add-track").addEventListener("change", () => {
      this.find("default-track").disabled = !this.find("add-track").checked || Boolean(this.view.plan.source.tracks);
    });
  }

  /** What was chosen of how the new soundtrack joins the film. */
  delivery() {
    const keeps = this.find("add-track").checked;
    const choices = { add_track: keeps, codec: this.find("codec").value };
    if (keeps) choices.default_track = this.find("default-track").value;
    if (this.find("bit-rate").value) choices.bit_rate = Number(this.find("bit-rate").value);
    return choices;
  }

  makeAgain() {
    const last = this.view.film.jobs.findLast((job) => job.kind === "analyse" && job.state === "done");
    const form = choicesForm(this.view.film, this.choices.styles, last?.choices ?? {}, (choices) => this.submit("analyse", { choices }));
    form.prepend(element("p", "quiet", "It is heard and decided anew; what you have edited here is replaced when that is done."));
    this.find("again").append(form);
  }

  async submit(kind, wishes = {}) {
    try {
      await this.keep();
      if (this.unkept) return;
      await client.submit(this.id, kind, wishes);
      this.say(`${KINDS[kind]}: begun`);
    } catch (error) {
      this.trouble(error);
    }
    this.refresh();
  }

  async refresh() {
    clearTimeout(this.timer);
    try {
      const film = await client.film(this.id);
      if (!this.closed) this.showJobs(film);
    } catch (error) {
      this.trouble(error);
      if (!this.closed) this.timer = setTimeout(() => this.refresh(), 3000);
    }
  }

  showJobs(film) {
    const jobs = film.jobs.filter((job) => !["analyse", "tracks"].includes(job.kind) || !["done", "cancelled"].includes(job.state)).slice(-12).reverse();
    this.find("jobs").replaceChildren(...jobs.map((job) => this.jobRow(job)));
    const busy = jobs.filter((job) => ["waiting", "running"].includes(job.state));
    for (const job of this.busy ?? []) {
      const now = film.jobs.find((one) => one.id === job.id);
      if (now && !busy.some((one) => one.id === job.id)) this.say(`${KINDS[now.kind]}: ${progressOf(now)}`);
      if (now?.kind === "analyse" && now.state === "done") {
        this.unkept = false; // what was edited is of the plan that is gone
        return this.onAnalysed();
      }
    }
    this.busy = busy;
    if (busy.length) this.timer = setTimeout(() => this.refresh(), 700);
  }

  jobRow(job) {
    const row = document.createElement("li");
    row.dataset.state = job.state;
    row.dataset.kind = job.kind;
    const about = element("div", "about");
    about.append(element("span", "name", job.kind === "timeline" ? `Timeline for ${job.editors.join(", ")}` : KINDS[job.kind]));
    about.append(element("span", "quiet", progressOf(job)));
    for (const name of job.files) {
      const link = element("a", "", `Download ${name}`);
      link.href = client.resultUrl(this.id, name);
      link.download = "";
      about.append(link);
    }
    row.append(about);
    if (["waiting", "running"].includes(job.state)) {
      const stop = element("button", "", "Stop");
      stop.setAttribute("aria-label", `Stop: ${KINDS[job.kind]}`);
      stop.addEventListener("click", () => client.cancel(job.id).catch((error) => this.trouble(error)).then(() => this.refresh()));
      const bar = document.createElement("progress");
      bar.max = 1;
      bar.value = job.share;
      bar.setAttribute("aria-label", KINDS[job.kind]);
      row.append(stop, bar);
    }
    if (job.message && job.state === "failed") row.append(element("p", "trouble", `${job.code}: ${job.message}`));
    return row;
  }

  trouble(error) {
    if (this.closed) return;
    const old = this.find("jobs").querySelector(".told");
    const told = old ?? element("li", "told");
    told.replaceChildren(element("p", "trouble", error.message));
    told.setAttribute("role", "alert");
    if (!old) this.find("jobs").prepend(told);
  }

  // ---- keys ----

  key(event) {
    const { target, key } = event;
    const command = event.ctrlKey || event.metaKey;
    if (target.matches("input:not([type='range']), select, textarea") || event.altKey) return;
    if (command) {
      if (key.toLowerCase() !== "z" && key.toLowerCase() !== "y") return;
      if (key.toLowerCase() === "y" || event.shiftKey) this.desk.redo();
      else this.desk.undo();
      event.preventDefault();
      return;
    }
    const onSlider = target.matches("input[type='range']");
    const onButton = target.matches("button, a, summary, [role='region']");
    const onTimeline = target === this.find("timeline");
    const done = this.press(event, { onSlider, onButton, onTimeline });
    if (done) event.preventDefault();
  }

  press({ key, code, shiftKey }, { onSlider, onButton, onTimeline }) {
    const { player, timeline } = this;
    if (key === " ") return !onButton && (player.toggle(), true);
    const digit = /^Digit([123])$/.exec(code)?.[1];
    if (digit) return shiftKey ? this.flip("muted", digit - 1) : this.choose(digit - 1), true;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      return !onSlider && (player.seek(player.at + (key === "ArrowLeft" ? -1 : 1) * (shiftKey ? 10 : 1)), true);
    }
    if (key === "ArrowUp" || key === "ArrowDown") {
      if (!onTimeline) return false;
      timeline.nudge(key === "ArrowUp" ? 0.5 : -0.5);
      this.say(`${STEMS[timeline.stem]} ${decibels(this.desk.gainAt(timeline.stem, timeline.range ? timeline.range[0] + 0.5 : player.at))}`);
      return true;
    }
    if (key === "Home" || key === "End") return !onSlider && (player.seek(key === "Home" ? 0 : player.seconds), true);
    const actions = {
      a: () => player.listen({ after: 0 }),
      b: () => player.listen({ after: 1 }),
      "+": () => timeline.zoom(0.5),
      "=": () => timeline.zoom(0.5),
      "-": () => timeline.zoom(2),
      "[": () => timeline.choose(player.at, Math.max(player.at + 0.5, timeline.range?.[1] ?? 0)),
      "]": () => timeline.choose(Math.min(player.at - 0.5, timeline.range?.[0] ?? player.at - 1), player.at),
      ",": () => this.jump(-1),
      ".": () => this.jump(1),
      escape: () => timeline.choose(null),
    };
    const action = actions[key.toLowerCase()];
    action?.();
    return Boolean(action);
  }

  jump(by) {
    const starts = this.view.proposal.shots.map((shot) => shot.start_seconds);
    const at = this.player.at;
    const next = by > 0 ? starts.find((start) => start > at + 0.05) : starts.findLast((start) => start < at - 0.5);
    if (next !== undefined) this.player.seek(next);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    document.removeEventListener("keydown", this.onKey);
    removeEventListener("beforeunload", this.onLeave);
    if (!this.player) return;
    this.keep();
    this.player.close();
    this.timeline.close();
  }
}

/** What was heard and seen in a shot, a line each, and how sure the director is. */
function told(shot) {
  const levels = Object.entries(shot.heard_lufs ?? {}).filter(([, level]) => level > -60);
  const parts = levels.map(([stem, level]) => `${stem} ${level.toFixed(0).replace("-", "−")} LUFS`);
  if (typeof shot.speech_present === "number") parts.push(`somebody speaks ${Math.round(100 * shot.speech_present)} % of the time`);
  const heard = parts.length ? [`Heard: ${parts.join(", ")}`] : [];
  if (typeof shot.confidence === "number") heard.push(`Sure: ${Math.round(100 * shot.confidence)} %`);
  return { heard, seen: Object.entries(shot.cues).map(([kind, words]) => `${kind}: ${words}`) };
}

const signed = (number) => String(number).replace("-", "−");

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
