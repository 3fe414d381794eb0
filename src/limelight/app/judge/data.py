"""What is judged: clips of a built data set, or mixtures that are drawn from a sound library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from limelight.errors import InputError
from limelight.muddy.drawn import Progress, draw_set
from limelight.muddy.manifest import MANIFEST, SPLITS, Entry, read_manifest

LIBRARY = "manifest.csv"
MIXTURES, SOUNDS = "mixtures", "sounds"
DRAWN = 200  # of each kind, where nothing is said


@dataclass(frozen=True, repr=False)
class Data:
    """Clips, and where they are."""

    folder: Path
    everything: Sequence[Entry]  # of all splits
    entries: Sequence[Entry]  # that are to be judged
    others: Sequence[Entry]  # whose pictures may stand in


def opened(
    place: Path,
    split: str,
    count: int | None,
    *,
    into: Path,
    cache: Path | None = None,
    workers: int | None = None,
    drawing: Progress | None = None,
) -> Data:
    """The clips of a split. A library's mixtures are drawn into `into`, its decoded sounds kept in `cache`.

    count: so many clips of a data set, evenly spread, or the first mixtures of each kind. Raises InputError, OutputError.
    """
    check_split(split)
    if not is_library(place):
        everything = read_manifest(place)
        return Data(place, everything, chosen(everything, split, count), chosen(everything, split, None))
    folder, sounds = into / MIXTURES, cache or into / SOUNDS
    entries = draw_set(
        place, folder, count=count or DRAWN, split=split, cache=sounds, workers=workers, progress=drawing
    )
    return Data(folder, entries, entries, entries)


def is_library(place: Path) -> bool:
    """Whether sounds lie there, and no clips."""
    return (place / LIBRARY).is_file() and not (place / MANIFEST).is_file()


def chosen(entries: Sequence[Entry], split: str, count: int | None) -> list[Entry]:
    """The clips to be judged: those of a split that teach something, or so many of them, evenly spread. Raises InputError."""
    check_split(split)
    found = [entry for entry in entries if entry.split == split and not entry.trivial]
    if not found:
        raise InputError(f"Wanted clips of the {split} split, found none; build some, or ask for another split.")
    places = np.linspace(0, len(found) - 1, min(count or len(found), len(found))).round().astype(int)
    return [found[n] for n in np.unique(places)]


def check_split(split: str) -> None:
    """Raises InputError for a name that is none."""
    if split not in SPLITS:
        raise InputError(f"Wanted the split {split!r}; there are {', '.join(SPLITS)}.")
