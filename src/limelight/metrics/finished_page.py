"""The page of finished films: how many were left alone, how far the others were moved, and the worst moments to listen to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from limelight.metrics.finished import Finished, FinishedFilm, Moment
from limelight.report.drawings import data_url
from limelight.report.page import STYLE
from limelight.report.templating import render
from limelight.report.words import clock_time, decibels, number

MOST_MOMENTS = 24  # on one page


@dataclass(frozen=True)
class FilmRow:
    """One line of the table."""

    name: str
    lasts: str
    change: str
    gains: str


@dataclass(frozen=True)
class ShownMoment:
    """One moment, with its two sounds."""

    film: str
    at: str
    change: str
    reason: str
    before: Markup
    after: Markup


def finished_page(found: Finished, clips: Path, *, model: str) -> str:
    """The page as HTML."""
    ranked = sorted(found.films, key=lambda film: -film.change)
    moments = sorted(((film, moment) for film in ranked for moment in film.moments), key=lambda pair: -pair[1].change)
    return render(
        "metrics",
        "finished.html.j2",
        style=Markup(STYLE),
        model=model,
        sentences=sentences(found),
        films=[_row(film) for film in ranked],
        moments=[_shown(film, moment, clips) for film, moment in moments[:MOST_MOMENTS]],
        failed=found.failed,
    )


def sentences(found: Finished) -> list[str]:
    """What was found, a claim each."""
    if not found.films:
        return ["no film could be measured"]
    worst = max(found.films, key=lambda film: film.change)
    said = [
        f"{sum(film.untouched for film in found.films)} of {len(found.films)} films were left as they were "
        f"({100 * found.untouched_share:.0f} %)",
        f"mean change {number(100 * found.mean_change)} % of a film's magnitude",
    ]
    if worst.change > 0:
        said.append(f"changed most: {worst.name}, {number(100 * worst.change)} %")
    return said


def gains_said(gains_db: dict[str, float]) -> str:
    """Gains in a line."""
    return ", ".join(f"{stem} {number(gain)} dB" for stem, gain in gains_db.items())


def _row(film: FinishedFilm) -> FilmRow:
    change = "untouched" if film.untouched else f"{number(100 * film.change)} %"
    return FilmRow(film.name, clock_time(film.seconds), change, "" if film.untouched else gains_said(film.gains_db))


def _shown(film: FinishedFilm, moment: Moment, clips: Path) -> ShownMoment:
    sounds = []
    for which in ("before", "after"):
        path = clips / f"{moment.clip}-{which}.m4a"
        sounds.append(Markup(data_url("audio/mp4", path.read_bytes()) if path.is_file() else ""))
    gains = ", ".join(f"{stem} {decibels(gain)}" for stem, gain in moment.gains_db.items())
    reason = moment.reason or gains
    return ShownMoment(
        film.name, clock_time(moment.start_seconds), f"{number(100 * moment.change)} %", reason, sounds[0], sounds[1]
    )
