"""Films of ten minutes, an hour and three hours, and one of 4K: memory within its ceiling, time in step with length."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from command import Ran, highlight
from films import Film, film_path, repeated
from footage import Footage, make_film
from tally import Tally

MINUTES = (10, 60, 180)
CEILING_MB = 1000.0
SLOWER = 1.25  # a minute of a long film may take so many times as long as one of a short film
# Pictures and AAC packets both come out even, so that repeating it moves nothing.
REEL = Film(seconds=20.48, sample_rate=16_000, layout="mono", frames_per_second=Fraction(25, 8), b_frames=False)
FOUR_K = Footage(seconds=4, width=3840, height=2160, frames_per_second=25, bit_rate=20_000_000, preset="ultrafast")


def long(count: int | None, seed: int) -> Iterator[Tally]:
    """The same reel again and again; `count`: of the lengths."""
    tally = Tally("long films", f"{', '.join(map(str, MINUTES))} minutes of film; no more than {CEILING_MB:.0f} MB.")
    started, first = time.perf_counter(), 0.0
    with tempfile.TemporaryDirectory(prefix="limelight-torture-") as folder:
        for minutes in MINUTES[:count]:
            film = _film(minutes, Path(folder))
            ran = highlight(film)
            film.unlink()
            a_minute = 60 * ran.wall_seconds / ran.film_seconds
            first = first or a_minute
            found = _too_large(ran)
            if a_minute > SLOWER * first:
                found.append(f"{a_minute:.2f} s for a minute of film, against {first:.2f} s for a short one")
            tally.take(f"{minutes} minutes", found, code="OK", peak_mb=ran.peak_mb)
            tally.facts.append(
                f"{minutes} minutes of film: {a_minute:.2f} s for a minute of film, at most {ran.peak_mb:.0f} MB."
            )
    tally.seconds = time.perf_counter() - started
    yield tally


def large(count: int | None, seed: int) -> Iterator[Tally]:
    """4K."""
    tally = Tally("4K", f"{FOUR_K.seconds} s of {FOUR_K.width} × {FOUR_K.height} at {FOUR_K.frames_per_second}/s.")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="limelight-torture-") as folder:
        ran = highlight(make_film(FOUR_K, Path(folder) / "4k.mp4"))
    tally.take("4K", _too_large(ran), code="OK", peak_mb=ran.peak_mb)
    tally.facts.append(
        f"4K: {ran.wall_seconds / ran.film_seconds:.1f} s for a second of film, at most {ran.peak_mb:.0f} MB."
    )
    tally.seconds = time.perf_counter() - started
    yield tally


def _film(minutes: int, folder: Path) -> Path:
    times = round(60 * minutes / REEL.seconds)
    length = Fraction(2048, 100)
    return repeated(film_path(REEL), folder / f"{minutes}.mp4", times=times, seconds=length)


def _too_large(ran: Ran) -> list[str]:
    return [f"{ran.peak_mb:.0f} MB of memory"] if ran.peak_mb > CEILING_MB else []
