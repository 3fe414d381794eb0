"""A data set on one page that opens offline: the figures, and a few clips to look at and listen to.

The examples are spread over the recipes, so that each kind of fault is heard once before any is heard twice. Input and
target are played equally loud, since the louder one sounds better whatever was done to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from limelight.dataset.clips import CLIPS, SOUNDS, read_clip_sound, read_recipe
from limelight.dataset.manifest import Entry
from limelight.dataset.statistics import FILMS, LevelStatistics, Statistics, rows
from limelight.report.drawings import data_url
from limelight.report.listening import clip_bytes, match_loudness
from limelight.report.page import STYLE
from limelight.report.templating import render, write_text
from limelight.report.words import duration, number
from limelight.types import STEMS, Samples, Vector

EXAMPLES = 6
WIDTH, HEIGHT, RANGE_DB = 1000, 120, 15.0  # of the drawing of gains


@dataclass(frozen=True)
class ShownPicture:
    """A picture in its place of a strip, in per cent."""

    left: str
    width: str
    address: Markup


@dataclass(frozen=True)
class ShownClip:
    """One clip, ready for the page."""

    entry: Entry
    sources: str
    loudness: str
    pictures: tuple[ShownPicture, ...]
    curves: tuple[tuple[str, Markup], ...]  # stem, and the path of its gains
    sounds: tuple[tuple[str, Markup], ...]  # what it is, and the address of its sound
    width: int = WIDTH
    height: int = HEIGHT
    range_db: str = f"{RANGE_DB:g}"


def write_page(
    folder: Path,
    entries: Sequence[Entry],
    found: Statistics,
    page: Path,
    *,
    examples: int = EXAMPLES,
    beside: LevelStatistics = FILMS,
) -> None:
    """Writes the page; about 0.6 MB for each example of 10 s. Raises OutputError, NotMedia."""
    text = render(
        "dataset",
        "statistics.html.j2",
        style=Markup(STYLE),
        name=folder.resolve().name,
        length=duration(found.hours * 3600),
        found=found,
        rows=list(rows(found, beside)),
        beside=beside.name,
        examples=[_shown(folder, entry) for entry in choose(entries, examples)],
        stems=STEMS,
    )
    write_text(text, page)


def choose(entries: Sequence[Entry], count: int) -> list[Entry]:
    """A few clips, in turn from each kind of fault; the same ones for the same data set."""
    kinds: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        kinds.setdefault((entry.recipe, entry.fault.split(",")[0]), []).append(entry)
    chosen: list[Entry] = []
    for turn in range(count):
        chosen += [of_kind[turn] for of_kind in kinds.values() if turn < len(of_kind)]
    return chosen[:count]


def _shown(folder: Path, entry: Entry) -> ShownClip:
    gains_db = read_recipe(folder, entry.name).gains_db
    levels = {name: number(lufs) if lufs is not None else "silent" for name, lufs in entry.loudness_lufs.items()}
    return ShownClip(
        entry=entry,
        sources=", ".join(f"{one.name} at {duration(one.start_seconds)}, {one.licence}" for one in entry.sources),
        loudness=" · ".join(f"{name} {levels[name]}" for name in (*STEMS, "target", "input")),
        pictures=tuple(_pictures(folder, entry)),
        curves=tuple((stem, _path(curve)) for stem, curve in zip(STEMS, gains_db, strict=True)),
        sounds=tuple(_sounds(folder, entry)),
    )


def _pictures(folder: Path, entry: Entry) -> Iterator[ShownPicture]:
    names = sorted(name for name in entry.files if name.startswith("frames/"))
    width = 100 / max(1, len(names))
    for n, name in enumerate(names):
        address = data_url("image/jpeg", (folder / CLIPS / entry.name / name).read_bytes())
        yield ShownPicture(f"{n * width:.3f}", f"{width:.3f}", Markup(address))


def _path(curve_db: Vector) -> Markup:
    levels = np.clip(np.resize(curve_db, max(2, len(curve_db))), -RANGE_DB, RANGE_DB)
    across = np.linspace(0, WIDTH, len(levels))
    down = HEIGHT / 2 * (1 - levels / RANGE_DB)
    return Markup("M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(across, down, strict=True)))


def _sounds(folder: Path, entry: Entry) -> Iterator[tuple[str, Markup]]:
    sounds = {name: _stereo(read_clip_sound(folder, entry.name, name)) for name in SOUNDS}
    match = match_loudness(sounds["input"], sounds["target"])
    for name, sound in sounds.items():
        gain = match.before_db if name == "input" else match.after_db  # stems as loud as they are in the target
        yield name.capitalize(), Markup(data_url("audio/mp4", clip_bytes(sound, gain)))


def _stereo(samples: Samples) -> Samples:
    return np.broadcast_to(samples, (2, samples.shape[1])) if len(samples) == 1 else samples
