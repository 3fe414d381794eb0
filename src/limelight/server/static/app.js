// The page: which of its two views is shown. `#/` is the list of films, `#/film/ID` one film.

import { client } from "./client.js";

const main = document.querySelector("#main");
const title = document.querySelector("#title");
let view = null;

/** Spoken by screen readers, shown nowhere. */
export function say(text) {
  document.querySelector("#said").textContent = text;
}

/** The view that the address names. A film is asked for while the modules that show it are still coming. */
async function choose() {
  const film = /^#\/film\/([0-9a-f]{16})$/.exec(location.hash)?.[1];
  const found = film && client.whole(film);
  found?.catch(() => {}); // told where it is awaited
  if (!film) return new (await import("./library.js")).LibraryView(main, say);
  return new (await import("./film.js")).FilmView(main, film, found, { say, onAnalysed: show });
}

async function show() {
  view?.close();
  view = null;
  const turn = (show.turn = Symbol());
  const next = await choose();
  if (show.turn !== turn) return; // another has been asked for since
  view = next;
  title.textContent = "";
  main.replaceChildren();
  try {
    await next.open();
    if (view === next) title.textContent = next.title ?? "";
  } catch (error) {
    if (view !== next) return;
    const told = document.createElement("p");
    told.className = "trouble";
    told.role = "alert";
    told.textContent = error.message;
    main.replaceChildren(told);
  }
  document.title = next.title ? `${next.title} – Limelight` : "Limelight";
  window.limelight = view; // for tests and for the curious
}

addEventListener("hashchange", show);
show();
