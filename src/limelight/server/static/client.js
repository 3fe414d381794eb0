// The server, as the page asks it; `/api` describes it.

const filmUrl = (film, rest = "") => `/api/films/${encodeURIComponent(film)}${rest}`;

async function ask(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch {
    throw new Error("The server does not answer. Is `limelight serve` still running?");
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  const message = told?.message ?? (answer.status === 401 ? "Open the address that the terminal shows." : answer.statusText);
  throw Object.assign(new Error(message), { status: answer.status, code: told?.code });
}

const json = async (url, options) => (await ask(url, options)).json();
const bytes = async (url) => (await ask(url)).arrayBuffer();
const send = (method, body) => ({ method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const client = {
  films: () => json("/api/films"),
  known: () => json("/api/known"),
  choices: () => json("/api/choices"),
  open: (path, choices) => json("/api/films", send("POST", { path, choices })),
  drop: (file, style) => json(`/api/dropped?${new URLSearchParams({ name: file.name, style })}`, { method: "POST", body: file }),
  film: (film) => json(filmUrl(film)),
  remove: (film) => ask(filmUrl(film), { method: "DELETE" }),
  /** All of an analysed film but its sound and pictures: its view, features, waves, and what can be chosen. */
  whole: (film) =>
    Promise.all([json(filmUrl(film, "/view")), bytes(filmUrl(film, "/data/features")), bytes(filmUrl(film, "/data/waves")), client.choices()]),
  /** Also while the page is being left, as far as browsers let that be: 64 kB. */
  keep: (film, plan) => {
    const told = send("PUT", plan);
    return json(filmUrl(film, "/plan"), { ...told, keepalive: told.body.length < 60_000 });
  },
  submit: (film, kind, { editors = [], choices = {} } = {}) => json(filmUrl(film, "/jobs"), send("POST", { kind, editors, choices })),
  cancel: (job) => json(`/api/jobs/${encodeURIComponent(job)}`, { method: "DELETE" }),
  soundUrl: (film) => filmUrl(film, "/data/sound"),
  filmUrl: (film) => filmUrl(film, "/film"),
  pictureUrl: (film, number) => filmUrl(film, `/pictures/${number}`),
  planFileUrl: (film) => filmUrl(film, "/plan/file"),
  resultUrl: (film, name) => filmUrl(film, `/results/${encodeURIComponent(name)}`),
};
