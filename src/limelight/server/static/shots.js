// The shots of a film: when, why, how sure, what was heard and seen; the gains follow the desk.

import { client } from "./client.js";
import { clock, decibels } from "./decibels.js";
import { element } from "./element.js";
import { STEMS } from "./mixer.js";

export class Shots {
  constructor(page) {
    this.page = page;
    const { proposal, pictures, film } = page.view;
    const notes = film.jobs.findLast((job) => job.kind === "analyse" && job.state === "done")?.facts.notes ?? [];
    const style = proposal.style ? `, in the style ${proposal.style.name}` : "";
    const stems = proposal.source.tracks ? "stems are the film's tracks" : `stems by ${proposal.model.name}`;
    const decider = proposal.director ? `Decided by ${proposal.director.name}${style}; ${stems}.` : "";
    this.page.find("notes").textContent = [decider, ...notes].filter(Boolean).join("\n");
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
        image.src = client.pictureUrl(this.page.id, number);
        go.prepend(image);
      }
      go.addEventListener("click", () => this.page.player.seek(shot.start_seconds));
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
      this.page.find("shots").append(row);
      return row;
    });
    this.showGains();
  }

  showGains() {
    this.rows?.forEach((row, n) => {
      const gains = this.page.desk.shotGains(this.page.view.proposal.shots[n]);
      STEMS.forEach((stem, k) => (row.cells[2 + k].textContent = decibels(gains[stem])));
    });
  }

  showAt(at) {
    const shots = this.page.view.proposal.shots;
    const now = shots.findLastIndex((shot) => shot.start_seconds <= at + 1e-3);
    if (now === this.shot) return;
    this.rows?.[this.shot]?.classList.remove("now");
    this.rows?.[now]?.classList.add("now");
    this.shot = now;
  }
}

/** What was heard and seen in a shot, a line each, and how sure the director is. */
function told(shot) {
  const levels = Object.entries(shot.heard_lufs ?? {}).filter(([, level]) => level > -60);
  const parts = levels.map(([stem, level]) => `${stem} ${level.toFixed(0).replace("-", "−")} LUFS`);
  if (typeof shot.speech_present === "number") parts.push(`somebody speaks ${Math.round(100 * shot.speech_present)} % of the shot`);
  const heard = parts.length ? [`Heard: ${parts.join(", ")}`] : [];
  if (typeof shot.confidence === "number") heard.push(`Sure: ${Math.round(100 * shot.confidence)} %`);
  return { heard, seen: Object.entries(shot.cues).map(([kind, words]) => `${kind}: ${words}`) };
}
