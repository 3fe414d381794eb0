"""An impulse and a flash through every container: after the command they are as far apart as before.

Measured twice: the new sound against the old one as Limelight decodes them, which must agree to the sample; and click
against flash as PyAV alone tells their times, which may differ by the ticks in which the containers tell time.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from films import Film, film_path
from media_corpus import compare
from media_corpus.command_server import CommandServer

FLASHES = (0.4, 0.8)
ODD = Fraction(12_345, 48_000)
STARTS = {
    "together": {},
    "sound late": {"sound_start": ODD},
    "picture late": {"picture_start": Fraction(3, 5)},
    "both at 10 s": {"picture_start": Fraction(10), "sound_start": Fraction(10)},
}
CONTAINERS = (
    ("mp4", "libx264", "aac", (48_000, 44_100, 22_050)),
    ("mp4", "libx264", "alac", (48_000, 44_100)),
    ("mov", "libx264", "pcm_s16le", (48_000, 44_100, 96_000)),
    ("mkv", "libx264", "flac", (48_000, 44_100, 96_000)),
    ("mkv", "libx264", "aac", (48_000, 44_100)),
    ("mkv", "libx264", "libopus", (48_000,)),
    ("webm", "libvpx", "libopus", (48_000,)),
    ("ts", "libx264", "aac", (48_000, 44_100)),
    ("ts", "libx264", "ac3", (48_000, 44_100)),
    ("flv", "libx264", "aac", (44_100, 22_050)),
)
WHITE, LOUD = 200, 0.4
TICK = 0.0021  # s: two containers that round to 1 ms each


def films() -> list[Film]:
    """Every container, rate and start."""
    return [
        Film(
            container=container, picture=picture, sound=sound, sample_rate=rate, seconds=1.2, flashes=FLASHES, **starts
        )
        for container, picture, sound, rates in CONTAINERS
        for rate in rates
        for starts in STARTS.values()
    ]


def title(film: Film) -> str:
    """How a film of `films` is called in a list."""
    start = f"{float(film.picture_start):g}+{float(film.sound_start):.3g}"
    return f"{film.container} {film.sound} {film.sample_rate} {start}"


def faults(film: Film, server: CommandServer, folder: Path) -> list[str]:
    """What has moved; empty where nothing has."""
    source = folder / f"film.{film.container}"
    source.write_bytes(film_path(film).read_bytes())
    outcome = server.run("highlight", "--quiet", source.name, folder=folder)
    if outcome.code != "OK":
        return [f"{outcome.code}: {outcome.stderr}"]
    return list(_moved(source, Path(outcome.stdout.strip())))


def _moved(source: Path, result: Path) -> Iterator[str]:
    lag = compare.lag(compare.heard(source), compare.heard(result))
    if lag:
        yield f"the sound is {lag} samples off"
    apart, now_apart = _apart(source), _apart(result)
    if len(apart) != len(FLASHES) or not np.allclose(apart, now_apart, atol=TICK):
        yield f"click and flash were {apart} s apart and are {now_apart} s apart"


def _apart(path: Path) -> list[float]:
    """From each click to its flash, in seconds, as PyAV tells the times."""
    clicks, flashes = _clicks(path), _flashes(path)
    return [flash - click for click, flash in zip(clicks, flashes, strict=False)]


def _clicks(path: Path) -> list[float]:
    times: list[float] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = av.AudioResampler(format="flt", layout="mono").resample(frame)[0].to_ndarray()[0]
            start = float(frame.pts * frame.time_base)
            loud = start + np.flatnonzero(np.abs(samples) > LOUD) / frame.sample_rate
            times += [float(time) for time in loud if not times or time > times[-1] + 0.1]
    return times


def _flashes(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        pictures = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    return [float(time) for time, level in pictures if level > WHITE]
