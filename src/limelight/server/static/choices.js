// What can be chosen before a film is analysed: its style, and of several soundtracks what each of them is.

const ROLES = { speech: "speech", music: "music", effects: "effects, all else", keep: "stays as it is", drop: "left out" };
const STEMS = ["speech", "music", "effects"];

/** Fills a select with the styles there are; `about` tells what the chosen one is for. */
export function offerStyles(select, about, styles, chosen = "") {
  const usual = { name: "", about: "any film: speech that is hard to hear comes forward, all else is left alone" };
  const all = [usual, ...styles];
  select.replaceChildren(...all.map(({ name }) => new Option(name || "usual", name, false, name === chosen)));
  const tell = () => (about.textContent = all.find(({ name }) => name === select.value)?.about ?? "");
  select.addEventListener("change", tell);
  tell();
}

/** The form for one film; `onChosen` is given the choices as the server takes them. */
export function choicesForm(film, styles, chosen, onChosen) {
  const form = document.querySelector("#choices").content.cloneNode(true).firstElementChild;
  offerStyles(form.elements.style, form.querySelector(".about"), styles, chosen.style);
  const several = film.soundtracks.length > 1;
  form.querySelector("fieldset").hidden = !several;
  if (several) askTracks(form, film.soundtracks, chosen);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onChosen({ style: form.elements.style.value, ...(several ? answered(form) : {}) });
  });
  return form;
}

function askTracks(form, soundtracks, chosen) {
  const roles = soundtracks.map(({ role }, number) => roleIn(chosen.tracks, number) ?? role);
  soundtracks.forEach((track, number) => {
    const name = `${number}${track.title ? ` “${track.title}”` : ""}`;
    const row = document.createElement("li");
    const select = document.createElement("select");
    select.setAttribute("aria-label", `Track ${name}`);
    select.dataset.track = number;
    select.append(new Option("choose …", ""), ...Object.entries(ROLES).map(([role, text]) => new Option(text, role, false, role === roles[number])));
    select.addEventListener("change", () => (form.elements.what.value = "parts"));
    const guess = track.why ? (track.role ? `taken for ${track.role}: ${track.why}` : `not sure: ${track.why}`) : "";
    const told = document.createElement("span");
    told.className = "quiet";
    told.textContent = [track.codec, track.layout, track.language, guess].filter(Boolean).join(" · ");
    row.append(`Track ${name}`, select, told);
    form.querySelector(".parts").append(row);
    form.elements.one.append(new Option(`track ${name}`, number, false, number === chosen.audio_stream));
  });
  form.elements.one.addEventListener("change", () => (form.elements.what.value = "one"));
  const sure = roles.every(Boolean) && roles.includes("speech") && roles.filter((role) => STEMS.includes(role)).length > 1;
  form.elements.what.value = typeof chosen.audio_stream !== "number" && sure ? "parts" : "one";
}

function answered(form) {
  if (form.elements.what.value === "one") return { audio_stream: Number(form.elements.one.value) };
  const numbers = {};
  for (const select of form.querySelectorAll("[data-track]")) (numbers[select.value || "keep"] ??= []).push(select.dataset.track);
  const lines = Object.entries(numbers).flatMap(([role, tracks]) =>
    STEMS.includes(role) ? [`${tracks.join("+")}=${role}`] : tracks.map((track) => `${track}=${role}`),
  );
  return { tracks: lines.join(",") };
}

/** The role of a track in "0+3=speech,1=effects". */
function roleIn(tracks, number) {
  const parts = (tracks ?? "").split(",").map((part) => part.split("="));
  return parts.find(([numbers]) => numbers.split("+").includes(String(number)))?.[1];
}
