"""Films of ten minutes, an hour and three hours, and one of 4K: memory within its ceiling, time in step with length."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from command import Ran, highlight
from footage import Footage, make_film, repeat_film
from tally import Tally

MINUTES = (10, 60, 180)
CEILING_MB = 1000.0
SLOWER = 1.25  # a minute of a long film may take so many times as long as one of a short film
# Pictures and AAC packets both come out even in 32 s, so that repeating it moves nothing. Few and small pictures: what
# takes long with a long film is its sound.
REEL = Footage(seconds=32, width=160, height=90, frames_per_second=2, bit_rate=100_000)
FOUR_K = Footage(seconds=4, width=3840, height=2160, frames_per_second=25, bit_rate=20_000_000, preset="ultrafast")


def long(count: int | None, seed: int) -> Iterator[Tally]:
    """The same reel again and again; `count`: of the lengths. Processor time counts: the other parts run beside."""
    what = f"{', '.join(map(str, MINUTES))} minutes: no more than {CEILING_MB:.0f} MB, and time in step with length."
    tally = Tally("long films", what)
    started, paces = time.perf_counter(), []
    with tempfile.TemporaryDirectory(prefix="limelight-torture-") as folder:
        for minutes in MINUTES[:count]:
            ran = _highlighted(_film(minutes, Path(folder)), tally)
            if ran is None:
                continue
            paces.append(60 * ran.cpu_seconds / ran.film_seconds)
            slow = paces[-1] > SLOWER * paces[0]
            found = [f"{paces[-1]:.2f} s a minute, against {paces[0]:.2f} s in a short film"] if slow else []
            tally.take(f"{minutes} minutes", _too_large(ran) + found, code="OK", peak_mb=ran.peak_mb)
            tally.facts.append(
                f"{minutes} minutes of film: {paces[-1]:.2f} s of processor time for a minute, {ran.speed:.1f} × real time "
                f"beside the other parts, at most {ran.peak_mb:.0f} MB."
            )
    tally.seconds = time.perf_counter() - started
    yield tally


def large(count: int | None, seed: int) -> Iterator[Tally]:
    """4K."""
    tally = Tally("4K", f"{FOUR_K.seconds} s of {FOUR_K.width} × {FOUR_K.height} at {FOUR_K.frames_per_second}/s.")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="limelight-torture-") as folder:
        ran = _highlighted(make_film(FOUR_K, Path(folder) / "4k.mp4"), tally)
    if ran is not None:
        tally.take("4K", _too_large(ran), code="OK", peak_mb=ran.peak_mb)
        pace = ran.wall_seconds / ran.film_seconds
        tally.facts.append(f"4K: {pace:.1f} s for a second of film, at most {ran.peak_mb:.0f} MB.")
    tally.seconds = time.perf_counter() - started
    yield tally


def _highlighted(film: Path, tally: Tally) -> Ran | None:
    """What the command took; a failure is counted."""
    try:
        return highlight(film)
    except RuntimeError as error:
        tally.take(film.stem, [str(error)], code="failed")
        return None


def _film(minutes: int, folder: Path) -> Path:
    reel = make_film(REEL, folder / "reel.mp4")
    return repeat_film(reel, round(60 * minutes / REEL.seconds), folder / f"{minutes}.mp4")


def _too_large(ran: Ran) -> list[str]:
    return [f"{ran.peak_mb:.0f} MB of memory"] if ran.peak_mb > CEILING_MB else []
