// The listening study: consent, headphones, level, training, trials, answers. No other file is asked for but those of the folder.
"use strict";

const study = window.STUDY;
const page = document.getElementById("page");
const FADE_SECONDS = 0.02, DRIFT_SECONDS = 0.06, LEAST_SHARE = 0.5;
const HEADPHONE_ROUNDS = 6, HEADPHONES_PASSED = 5;
const NO_DIFFERENCE = "no difference";
const person = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
const answers = { format: "limelight-study-answers", version: 1, study: study.id, person, began: new Date().toISOString(),
  headphones: null, trials: [] };
let audio = null;

// A seeded generator (mulberry32), so that a person's order can be made again from the answers.
function generator(seed) {
  let state = [...seed].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = generator(person);
function shuffled(items) {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) { const j = Math.floor(random() * (i + 1)); [list[i], list[j]] = [list[j], list[i]]; }
  return list;
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
function show(title, ...children) {
  page.replaceChildren(element("h1", { textContent: title, tabIndex: -1 }), ...children);
  page.firstChild.focus();
}
function button(text, act, kind = "") { return element("button", { type: "button", textContent: text, onclick: act, className: kind }); }
function row(...children) { return element("div", { className: "row" }, ...children); }
function words(text, kind = "") { return element("p", { textContent: text, className: kind }); }

// Sounds lie in scripts: a page that was opened from a disk may load those, and nothing else.
const waiting = new Map(), sounds = new Map();
window.studySound = (name, coded) => {
  const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
  waiting.get(name)?.(bytes.buffer);
};
async function sound(name) {
  if (!sounds.has(name)) {
    const bytes = await new Promise((done, failed) => {
      waiting.set(name, done);
      document.head.append(element("script", { src: `clips/${name}.js`, onerror: () => failed(new Error(name)) }));
    });
    sounds.set(name, await audio.decodeAudioData(bytes));
  }
  return sounds.get(name);
}

// All versions run side by side, so that switching changes the sound and nothing else.
class Player {
  constructor(video, buffers) {
    this.video = video; this.buffers = buffers; this.current = 0; this.started = null;
    this.heard = buffers.map(() => 0); this.last = null;
    this.timer = setInterval(() => this.follow(), 100);
  }
  get seconds() { return this.buffers[0].duration; }
  get position() { return this.started === null ? 0 : audio.currentTime - this.started; }
  async play() {
    this.stop();
    if (this.video) { this.video.currentTime = 0; try { await this.video.play(); } catch { /* the sound is what counts */ } }
    const at = audio.currentTime + 0.05;
    this.nodes = this.buffers.map((buffer, index) => {
      const source = new AudioBufferSourceNode(audio, { buffer }), gain = new GainNode(audio, { gain: index === this.current ? 1 : 0 });
      source.connect(gain).connect(audio.destination);
      source.start(at);
      return { source, gain };
    });
    this.started = at; this.last = at;
  }
  choose(index) {
    this.follow();
    this.current = index;
    if (this.started === null) return;
    this.nodes.forEach(({ gain }, other) => {
      gain.gain.cancelScheduledValues(audio.currentTime);
      gain.gain.setTargetAtTime(other === index ? 1 : 0, audio.currentTime, FADE_SECONDS / 3);
    });
  }
  follow() {
    if (this.started === null) return;
    const now = Math.min(audio.currentTime, this.started + this.seconds);
    this.heard[this.current] += Math.max(0, now - this.last);
    this.last = Math.max(this.last, now);
    if (audio.currentTime > this.started + this.seconds) { this.stop(); this.ended?.(); return; }
    if (this.video && Math.abs(this.video.currentTime - this.position) > DRIFT_SECONDS) this.video.currentTime = Math.max(0, this.position);
    this.moved?.();
  }
  stop() {
    if (this.started === null) return;
    this.nodes.forEach(({ source }) => { try { source.stop(); } catch { /* over already */ } });
    this.started = null;
    this.video?.pause();
  }
  close() { this.stop(); clearInterval(this.timer); }
}

function consent() {
  const agreed = element("input", { type: "checkbox", id: "agree" });
  const go = button("Begin", () => { audio = new AudioContext(); audio.resume(); headphones(); }, "main");
  go.disabled = true;
  agreed.onchange = () => { go.disabled = !agreed.checked; };
  show(study.title,
    words(`You will hear ${study.trials.length === 1 ? "a short clip" : `${study.trials.length} short clips`} in several versions, and say which you like best with the picture. It takes about ${Math.max(3, Math.round(study.trials.length * 1.2))} minutes.`),
    words("Your answers, the order of the clips and how long you listened are kept; your name and address are not. You may stop at any time by closing the page: then nothing is kept."),
    study.contact ? words(`Questions: ${study.contact}`) : "",
    element("label", { htmlFor: "agree" }, agreed, "I am 18 or older and I take part."), row(go));
}

// After Woods et al. 2017: of three tones one is softer; on loudspeakers the one in opposite phase seems so as well.
function tones(order) {
  const start = audio.currentTime + 0.1;
  order.forEach((kind, index) => {
    const buffer = audio.createBuffer(2, audio.sampleRate, audio.sampleRate), gain = kind === "soft" ? 0.1 : 0.2;
    for (let channel = 0; channel < 2; channel++) {
      const data = buffer.getChannelData(channel), sign = kind === "opposite" && channel ? -1 : 1;
      for (let n = 0; n < data.length; n++) data[n] = sign * gain * Math.sin(2 * Math.PI * 200 * n / audio.sampleRate) * Math.min(1, n / 4800, (data.length - n) / 4800);
    }
    const source = new AudioBufferSourceNode(audio, { buffer });
    source.connect(audio.destination);
    source.start(start + 1.3 * index);
  });
}
function headphones(round = 0, right = 0) {
  if (round === HEADPHONE_ROUNDS) {
    answers.headphones = { right, of: HEADPHONE_ROUNDS, passed: right >= HEADPHONES_PASSED };
    return level();
  }
  const order = shuffled(["soft", "plain", "opposite"]);
  const choices = [0, 1, 2].map((index) => button(`Tone ${index + 1}`, () => headphones(round + 1, right + (order[index] === "soft"))));
  choices.forEach((choice) => { choice.disabled = true; });
  show("Headphones", words("Please wear headphones. Which of the three tones is the softest?"),
    row(button("Play the tones", () => { tones(order); choices.forEach((choice) => { choice.disabled = false; }); }, "main")),
    row(...choices), words(`${round + 1} of ${HEADPHONE_ROUNDS}`, "quiet"));
}

async function level() {
  const buffer = await sound(study.clips[0].sounds[0]);
  let source = null;
  const stop = () => { source?.stop(); source = null; };
  show("Level", words("Play the clip and set your volume so that it is comfortable. Then leave it as it is."),
    row(button("Play", () => { stop(); source = new AudioBufferSourceNode(audio, { buffer }); source.connect(audio.destination); source.start(); }),
      button("It is comfortable", () => { stop(); training(); }, "main")));
}

function training() {
  const trial = study.trials.find((one) => one.trap === "");
  show("How it works",
    words("The picture plays and only the sound changes. Switch between the versions as often as you like, with the buttons or the keys 1, 2, 3 …; space plays again."),
    words(trial.kind === "ranking"
      ? "Put the versions in order, from the one that goes best with the picture to the one that goes worst. Every version must be heard for at least half of its length."
      : "Say which version goes better with the picture, or that you hear no difference. Both must be heard for at least half of their length."),
    words("The first one is for practice and does not count."),
    row(button("Practise", () => ask(trial, "Practice", () => run(shuffled(study.trials), 0)), "main")));
}

function run(trials, index) {
  if (index === trials.length) return finish();
  ask(trials[index], `Clip ${index + 1} of ${trials.length}`, (answer) => { answers.trials.push(answer); run(trials, index + 1); },
    element("progress", { max: trials.length, value: index, ariaLabel: "Progress of the study" }));
}

async function ask(trial, title, done, progress = "") {
  show(title, words("Loading …", "quiet"));
  const order = shuffled(trial.sounds), clip = study.clips.find((one) => one.id === trial.clip);
  const buffers = await Promise.all(order.map(sound)), began = performance.now();
  const video = clip.picture ? element("video", { src: clip.picture, muted: true, playsInline: true, preload: "auto" }) : null;
  const player = new Player(video, buffers);
  const letters = order.map((_, index) => String.fromCharCode(65 + index));
  const choices = letters.map((letter, index) => {
    const choice = button(letter, () => choose(index));
    choice.ariaPressed = String(index === 0);
    return choice;
  });
  const at = element("progress", { max: 1, value: 0, ariaLabel: "Position in the clip" });
  const next = button("Next", finished, "main");
  const vote = trial.kind === "ranking" ? ranking(letters, check) : preference(letters, check);
  next.disabled = true;

  function choose(index) {
    player.choose(index);
    choices.forEach((choice, other) => { choice.ariaPressed = String(other === index); });
    if (player.started === null) player.play();
  }
  function allHeard() { return player.heard.every((seconds) => seconds >= LEAST_SHARE * player.seconds); }
  function check() { next.disabled = !(vote.ready() && allHeard()); }
  function finished() {
    removeEventListener("keydown", keys);
    player.close();
    done({ trial: trial.id, order, ...vote.answer(order), heard_seconds: player.heard.map((seconds) => Math.round(10 * seconds) / 10),
      seconds: Math.round((performance.now() - began) / 100) / 10 });
  }
  function keys(event) {
    const index = Number(event.key) - 1;
    if (event.target.matches?.("input")) return;
    if (event.key === " " && !event.target.matches?.("button")) { event.preventDefault(); player.play(); }
    else if (index >= 0 && index < order.length) choose(index);
  }
  player.moved = () => {
    at.value = Math.min(1, Math.max(0, player.position / player.seconds));
    choices.forEach((choice, index) => choice.classList.toggle("heard", player.heard[index] >= LEAST_SHARE * player.seconds));
    check();
  };
  player.ended = () => { at.value = 1; check(); };
  addEventListener("keydown", keys);
  show(title, progress, video ?? words("This clip has no picture.", "quiet"), at, row(button("Play from the start", () => player.play()), ...choices),
    vote.form, row(next), words("A tick marks a version that was heard long enough.", "quiet"));
}

// Best to worst; each place once.
function ranking(letters, changed) {
  const places = letters.map(() => null), boxes = [];
  const head = element("tr", {}, element("th", { textContent: "" }), ...letters.map((_, place) => element("th", { scope: "col", textContent: place === 0 ? "best" : place === letters.length - 1 ? "worst" : place + 1 })));
  const rows = letters.map((letter, index) => element("tr", {}, element("th", { scope: "row", textContent: letter }), ...letters.map((_, place) => {
    const box = element("input", { type: "radio", name: `version-${letter}`, ariaLabel: `${letter}: place ${place + 1}`, onchange: () => {
      places.forEach((taken, other) => { if (other !== index && taken === place) { places[other] = null; boxes[other][place].checked = false; } });
      places[index] = place;
      changed();
    } });
    (boxes[index] ??= [])[place] = box;
    return element("td", {}, box);
  })));
  return { form: element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)), ready: () => places.every((place) => place !== null),
    answer: (order) => ({ ranking: letters.map((_, place) => order[places.indexOf(place)]) }) };
}

function preference(letters, changed) {
  let chosen = null;
  const options = [letters[0], letters[1], NO_DIFFERENCE].map((text, index) => {
    const box = element("input", { type: "radio", name: "preference", onchange: () => { chosen = index; changed(); } });
    return element("label", {}, box, index < 2 ? `${text} goes better with the picture` : "I hear no difference");
  });
  return { form: row(...options), ready: () => chosen !== null, answer: (order) => ({ preferred: chosen === 2 ? NO_DIFFERENCE : order[chosen] }) };
}

async function finish() {
  answers.ended = new Date().toISOString();
  const text = JSON.stringify(answers, null, 1), name = `answers-${person.slice(0, 8)}.json`;
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: name, textContent: "Download the answers", id: "download" });
  show("Thank you", words(study.post ? "Your answers are being sent." : "Please download your answers and send the file to whoever invited you."), row(link));
  if (!study.post) return;
  try {
    const sent = await fetch(study.post, { method: "POST", headers: { "content-type": "application/json" }, body: text });
    if (!sent.ok) throw new Error(String(sent.status));
    page.append(words("They have arrived. You may close the page."));
  } catch { page.append(words("They could not be sent: please download them and send the file by hand.")); }
}

consent();
