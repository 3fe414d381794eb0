// What is made of a film: rendered, taken apart, handed over, analysed again; the jobs on their way and their files.

import { choicesForm } from "./choices.js";
import { client } from "./client.js";
import { element } from "./element.js";
import { progressOf } from "./library.js";

const KINDS = { tracks: "Soundtracks", analyse: "Analysis", render: "Film", stems: "Stems", timeline: "Timeline" };

export class Results {
  constructor(page) {
    this.page = page;
    this.page.find("plan-file").href = client.planFileUrl(this.page.id);
    this.page.find("plan-file").addEventListener("click", async (event) => {
      if (!this.page.unkept) return;
      event.preventDefault();
      await this.page.keep();
      event.target.click();
    });
    this.makeDelivery();
    this.makeAgain();
    this.page.find("render").addEventListener("click", () => this.submit("render", { choices: this.delivery() }));
    this.page.find("make-stems").addEventListener("click", () => this.submit("stems"));
    this.page.find("make-timeline").addEventListener("click", () => this.submit("timeline", { editors: [this.page.find("editor").value] }));
  }

  makeDelivery() {
    this.page.find("codec").append(...this.page.choices.codecs.map((codec) => new Option(codec, codec)));
    if (this.page.view.plan.source.tracks) this.page.find("add-track").nextElementSibling.textContent = "Keep the original soundtracks too, behind the mix";
    this.page.find("add-track").addEventListener("change", () => {
      this.page.find("default-track").disabled = !this.page.find("add-track").checked || Boolean(this.page.view.plan.source.tracks);
    });
  }

  /** What was chosen of how the new soundtrack joins the film. */
  delivery() {
    const keeps = this.page.find("add-track").checked;
    const choices = { add_track: keeps, codec: this.page.find("codec").value };
    if (keeps) choices.default_track = this.page.find("default-track").value;
    if (this.page.find("bit-rate").value) choices.bit_rate = Number(this.page.find("bit-rate").value);
    return choices;
  }

  makeAgain() {
    const last = this.page.view.film.jobs.findLast((job) => job.kind === "analyse" && job.state === "done");
    const form = choicesForm(this.page.view.film, this.page.choices.styles, last?.choices ?? {}, (choices) => this.submit("analyse", { choices }));
    form.prepend(element("p", "quiet", "It is heard and decided anew; what you have edited here is replaced when that is done."));
    this.page.find("again").append(form);
  }

  async submit(kind, wishes = {}) {
    try {
      await this.page.keep();
      if (this.page.unkept) return;
      await client.submit(this.page.id, kind, wishes);
      this.page.say(`${KINDS[kind]}: begun`);
    } catch (error) {
      this.trouble(error);
    }
    this.refresh();
  }

  async refresh() {
    clearTimeout(this.timer);
    try {
      const film = await client.film(this.page.id);
      if (!this.page.closed) this.showJobs(film);
    } catch (error) {
      this.trouble(error);
      if (!this.page.closed) this.timer = setTimeout(() => this.refresh(), 3000);
    }
  }

  showJobs(film) {
    const jobs = film.jobs.filter((job) => !["analyse", "tracks"].includes(job.kind) || !["done", "cancelled"].includes(job.state)).slice(-12).reverse();
    this.page.find("jobs").replaceChildren(...jobs.map((job) => this.jobRow(job)));
    const busy = jobs.filter((job) => ["waiting", "running"].includes(job.state));
    for (const job of this.busy ?? []) {
      const now = film.jobs.find((one) => one.id === job.id);
      if (now && !busy.some((one) => one.id === job.id)) this.page.say(`${KINDS[now.kind]}: ${progressOf(now)}`);
      if (now?.kind === "analyse" && now.state === "done") {
        this.page.unkept = false; // what was edited is of the plan that is gone
        return this.page.onAnalysed();
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
      link.href = client.resultUrl(this.page.id, name);
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
    if (this.page.closed) return;
    const old = this.page.find("jobs").querySelector(".told");
    const told = old ?? element("li", "told");
    told.replaceChildren(element("p", "trouble", error.message));
    told.setAttribute("role", "alert");
    if (!old) this.page.find("jobs").prepend(told);
  }

  close() {
    clearTimeout(this.timer);
  }
}
