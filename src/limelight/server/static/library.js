// The list of films: open one by path, drop one, see how far each is.

import { choicesForm, offerStyles } from "./choices.js";
import { client } from "./client.js";
import { clock, duration } from "./decibels.js";

const STAGES = {
  listen: "listening to the soundtracks",
  look: "watching the picture", measure: "measuring the sound", plan: "deciding the balance", sound: "writing the stems",
  pictures: "taking small pictures", render: "writing the film", pack: "packing",
};

/** "watching the picture, 40 %, 2 min left". */
export function progressOf(job) {
  if (job.state === "waiting") return "waits for its turn";
  if (job.state !== "running") return { done: "done", failed: "failed", cancelled: "stopped" }[job.state];
  const left = job.seconds_left === null ? "" : `, about ${duration(job.seconds_left)} left`;
  return `${STAGES[job.stage] ?? job.stage}, ${Math.round(100 * job.share)} %${left}`;
}

export class LibraryView {
  constructor(main, say) {
    Object.assign(this, { main, say, rows: new Map() });
  }

  async open() {
    this.main.append(document.querySelector("#library").content.cloneNode(true));
    this.find = (id) => this.main.querySelector(`#${id}`);
    this.find("open").addEventListener("submit", (event) => {
      event.preventDefault();
      this.take(() => client.open(this.find("path").value.trim(), { style: this.find("style").value })).then((ok) => ok && (this.find("path").value = ""));
    });
    this.find("file").addEventListener("change", ({ target }) => this.drop(target.files).then(() => (target.value = "")));
    const zone = this.find("drop");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("over", kind === "dragover");
        if (kind === "drop") this.drop(event.dataTransfer.files);
      });
    }
    this.choices = await client.choices();
    if (this.closed) return;
    offerStyles(this.find("style"), this.find("style-about"), this.choices.styles);
    await this.refresh();
    for (const { path } of await client.known()) {
      const option = document.createElement("option");
      option.value = path;
      this.find("known")?.append(option);
    }
  }

  async drop(files) {
    for (const file of files) {
      this.say(`Taking ${file.name}`);
      await this.take(() => client.drop(file, this.find("style").value));
    }
  }

  async take(action) {
    const trouble = this.find("trouble");
    trouble.hidden = true;
    try {
      await action();
      return true;
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
      return false;
    } finally {
      await this.refresh();
    }
  }

  async refresh() {
    clearTimeout(this.timer);
    if (this.closed) return;
    let films = [];
    try {
      films = await client.films();
      if (this.closed) return;
      this.show(films);
    } catch (error) {
      this.find("trouble").textContent = error.message;
      this.find("trouble").hidden = false;
      this.lost = true;
    }
    if (this.closed) return;
    const busy = films.some((film) => film.jobs.some((job) => ["waiting", "running"].includes(job.state)));
    this.timer = setTimeout(() => this.refresh(), busy ? 700 : 3000);
  }

  show(films) {
    if (this.lost) this.find("trouble").hidden = true;
    this.lost = false;
    this.find("none").hidden = films.length > 0;
    for (const [id, row] of this.rows) {
      if (films.some((film) => film.id === id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    for (const film of films) {
      if (!this.rows.has(film.id)) this.rows.set(film.id, this.row(film));
      this.fill(this.rows.get(film.id), film);
    }
  }

  row(film) {
    const row = document.querySelector("#film-row").content.cloneNode(true).firstElementChild;
    row.dataset.film = film.id;
    row.querySelector(".name").textContent = film.name;
    row.querySelector(".remove").setAttribute("aria-label", `Remove ${film.name}`);
    row.querySelector(".cancel").setAttribute("aria-label", `Stop ${film.name}`);
    row.querySelector(".remove").addEventListener("click", () => this.take(() => client.remove(film.id)));
    row.querySelector(".again").addEventListener("click", () => this.take(() => client.submit(film.id, row.again.kind, { choices: row.again.choices })));
    row.querySelector(".cancel").addEventListener("click", () => this.take(() => client.cancel(row.dataset.job)));
    this.find("films").append(row);
    return row;
  }

  fill(row, film) {
    const job = film.jobs.findLast((one) => ["waiting", "running"].includes(one.state)) ?? film.jobs.findLast((one) => ["tracks", "analyse"].includes(one.kind));
    row.again = { kind: job?.kind ?? "analyse", choices: job?.choices ?? {} };
    const busy = job && ["waiting", "running"].includes(job.state);
    const failed = !film.analysed && job && ["failed", "cancelled"].includes(job.state);
    const name = row.querySelector(".name");
    if (film.analysed) name.href = `#/film/${film.id}`;
    else name.removeAttribute("href");
    row.dataset.job = job?.id ?? "";
    row.querySelector(".state").textContent = [clock(film.duration_seconds), busy || failed ? progressOf(job) : film.analysed ? "ready" : film.asks ? "asks what its soundtracks are" : ""].filter(Boolean).join(" · ");
    const bar = row.querySelector("progress");
    bar.hidden = !busy;
    bar.value = job?.share ?? 0;
    bar.setAttribute("aria-label", `Progress of ${film.name}`);
    const trouble = row.querySelector(".trouble");
    trouble.hidden = !(failed && job.message);
    trouble.textContent = failed ? `${job.code}: ${job.message}` : "";
    row.querySelector(".again").hidden = !failed || film.asks;
    this.ask(row.querySelector(".asks"), film);
    row.querySelector(".cancel").hidden = !busy;
  }

  /** Of several soundtracks, what they are; shown once, so that no answer half given is lost. */
  ask(place, film) {
    place.hidden = !film.asks;
    if (!film.asks) return place.replaceChildren();
    if (place.childElementCount) return;
    const chosen = { style: this.find("style").value, ...film.jobs.findLast((job) => job.kind === "analyse")?.choices };
    place.append(choicesForm(film, this.choices.styles, chosen, (choices) => this.take(() => client.submit(film.id, "analyse", { choices }))));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
