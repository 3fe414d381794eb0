"""Films of ten minutes, an hour and three hours, and one of 4K: memory within its ceiling, time in step with length.

The films run in a server of commands like all else: a network that uses one thread waits for none, and the time that it
takes can be compared however busy the other core is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from footage import Footage, make_film, repeat_film
from media_corpus.command_server import CommandServer, Limits, Outcome
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
    with tempfile.TemporaryDirectory(prefix="limelight-stress-") as folder, timed(tally) as server:
        for minutes in MINUTES[:count]:
            outcome = _highlighted(_film(minutes, Path(folder)), server)
            if outcome.code != "OK":
                tally.take(f"{minutes} minutes", [outcome.stderr.strip()], code=outcome.code)
                continue
            seconds = _seconds(outcome)
            paces.append(60 * outcome.cpu_seconds / seconds)
            slow = paces[-1] > SLOWER * paces[0]
            found = [f"{paces[-1]:.2f} s a minute, against {paces[0]:.2f} s in a short film"] if slow else []
            tally.take(f"{minutes} minutes", _too_large(outcome) + found, code="OK", peak_mb=outcome.peak_mb)
            tally.facts.append(
                f"{minutes} minutes of film: {paces[-1]:.2f} s of processor time for a minute, "
                f"{seconds / outcome.seconds:.1f} × real time beside the other parts, at most {outcome.peak_mb:.0f} MB."
            )
    yield tally


def large(count: int | None, seed: int) -> Iterator[Tally]:
    """4K."""
    tally = Tally("4K", f"{FOUR_K.seconds} s of {FOUR_K.width} × {FOUR_K.height} at {FOUR_K.frames_per_second}/s.")
    with tempfile.TemporaryDirectory(prefix="limelight-stress-") as folder, timed(tally) as server:
        outcome = _highlighted(make_film(FOUR_K, Path(folder) / "4k.mp4"), server)
        if outcome.code == "OK":
            tally.take("4K", _too_large(outcome), code="OK", peak_mb=outcome.peak_mb)
            pace = outcome.seconds / _seconds(outcome)
            tally.facts.append(f"4K: {pace:.1f} s for a second of film, at most {outcome.peak_mb:.0f} MB.")
        else:
            tally.take("4K", [outcome.stderr.strip()], code=outcome.code)
    yield tally


def _highlighted(film: Path, server: CommandServer) -> Outcome:
    """The command on a film, which is not needed any more, nor what came of it."""
    outcome = server.run("highlight", "--quiet", "--json", film.name, folder=film.parent, limits=LIMITS)
    for path in film.parent.iterdir():
        path.unlink()
    return outcome


def _film(minutes: int, folder: Path) -> Path:
    reel = make_film(REEL, folder / "reel.mp4")
    return repeat_film(reel, round(60 * minutes / REEL.seconds), folder / f"{minutes}.mp4")


def _seconds(outcome: Outcome) -> float:
    """Of film."""
    return float(json.loads(outcome.stdout)["duration_seconds"])


def _too_large(outcome: Outcome) -> list[str]:
    return [f"{outcome.peak_mb:.0f} MB of memory"] if outcome.peak_mb > CEILING_MB else []
