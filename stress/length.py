"""Films of ten minutes, an hour and three hours, and one of 4K: memory within its ceiling, time in step with length.

The films run in a nursery like all else: a network that uses one thread waits for none, and the time that it takes can be
compared however busy the other core is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from footage import Footage, make_film, repeat_film
from media_corpus.nursery import Came, Limits, Nursery
from parts import timed
from tally import Tally

MINUTES = (10, 60, 180)
CEILING_MB = 1000.0
SLOWER = 1.25  # a minute of a long film may take so many times as long as one of a short film
LIMITS = Limits(processor_seconds=7200, wall_seconds=7200.0, file_bytes=4 << 30)
# Pictures and AAC packets both come out even in 32 s, so that repeating it moves nothing. Few and small pictures: what
# takes long with a long film is its sound.
REEL = Footage(seconds=32, width=160, height=90, frames_per_second=1, bit_rate=50_000)
FOUR_K = Footage(seconds=4, width=3840, height=2160, frames_per_second=25, bit_rate=20_000_000, preset="ultrafast")


def long(count: int | None, seed: int) -> Iterator[Tally]:
    """The same reel again and again; `count`: of the lengths. Processor time counts: the other parts run beside."""
    what = f"{', '.join(map(str, MINUTES))} minutes: no more than {CEILING_MB:.0f} MB, and time in step with length."
    tally, paces = Tally("long films", what), []
    with tempfile.TemporaryDirectory(prefix="limelight-torture-") as folder, timed(tally) as nursery:
        for minutes in MINUTES[:count]:
            came = _highlighted(_film(minutes, Path(folder)), nursery)
            if came.code != "OK":
                tally.take(f"{minutes} minutes", [came.stderr.strip()], code=came.code)
                continue
            seconds = _seconds(came)
            paces.append(60 * came.cpu_seconds / seconds)
            slow = paces[-1] > SLOWER * paces[0]
            found = [f"{paces[-1]:.2f} s a minute, against {paces[0]:.2f} s in a short film"] if slow else []
            tally.take(f"{minutes} minutes", _too_large(came) + found, code="OK", peak_mb=came.peak_mb)
            tally.facts.append(
                f"{minutes} minutes of film: {paces[-1]:.2f} s of processor time for a minute, "
                f"{seconds / came.seconds:.1f} × real time beside the other parts, at most {came.peak_mb:.0f} MB."
            )
    yield tally


def large(count: int | None, seed: int) -> Iterator[Tally]:
    """4K."""
    tally = Tally("4K", f"{FOUR_K.seconds} s of {FOUR_K.width} × {FOUR_K.height} at {FOUR_K.frames_per_second}/s.")
    with tempfile.TemporaryDirectory(prefix="limelight-torture-") as folder, timed(tally) as nursery:
        came = _highlighted(make_film(FOUR_K, Path(folder) / "4k.mp4"), nursery)
        if came.code == "OK":
            tally.take("4K", _too_large(came), code="OK", peak_mb=came.peak_mb)
            pace = came.seconds / _seconds(came)
            tally.facts.append(f"4K: {pace:.1f} s for a second of film, at most {came.peak_mb:.0f} MB.")
        else:
            tally.take("4K", [came.stderr.strip()], code=came.code)
    yield tally


def _highlighted(film: Path, nursery: Nursery) -> Came:
    """The command on a film, which is not needed any more, nor what came of it."""
    came = nursery.run("highlight", "--quiet", "--json", film.name, folder=film.parent, limits=LIMITS)
    for path in film.parent.iterdir():
        path.unlink()
    return came


def _film(minutes: int, folder: Path) -> Path:
    reel = make_film(REEL, folder / "reel.mp4")
    return repeat_film(reel, round(60 * minutes / REEL.seconds), folder / f"{minutes}.mp4")


def _seconds(came: Came) -> float:
    """Of film."""
    return float(json.loads(came.stdout)["duration_seconds"])


def _too_large(came: Came) -> list[str]:
    return [f"{came.peak_mb:.0f} MB of memory"] if came.peak_mb > CEILING_MB else []
