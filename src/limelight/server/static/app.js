// The page: which of its two views is shown. `#/` is the list of films, `#/film/ID` one film.

import { FilmView } from "./film.js";
import { LibraryView } from "./library.js";

const main = document.querySelector("#main");
const title = document.querySelector("#title");
let view = null;

/** Spoken by screen readers, shown nowhere. */
export function say(text) {
  document.querySelector("#said").textContent = text;
}

async function show() {
  view?.close();
  const film = /^#\/film\/([0-9a-f]{16})$/.exec(location.hash)?.[1];
  const next = film ? new FilmView(main, film, say) : new LibraryView(main, say);
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
