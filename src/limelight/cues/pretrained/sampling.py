"""Which pictures of a film are kept, by time, and how what is known at some moments becomes one row a second.

    cell      |   0   |   1   |   2   |   3   |     each 1 / p seconds long
    pictures  | x x x | x x x |       | x x   |
    kept      |   ^   |   ^   |       |   ^   |     the one nearest to the middle of its cell

A second whose picture is held (no new one comes) has the row of the one before; before the first picture all is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from limelight.signals import Picture

Rows = NDArray[np.float32]  # [T, D]


def watch(
    pictures: Iterable[Picture], take: Callable[[int, Picture], None], *, cells_per_second: int = 1
) -> Iterator[Picture]:
    """Passes all pictures on; `take` is given each cell's number and the picture kept of it, in order of time."""
    kept: Picture | None = None

    def cell_of(picture: Picture) -> int:
        return int(picture.time_seconds * cells_per_second)

    def distance(picture: Picture) -> float:
        return abs(picture.time_seconds * cells_per_second % 1 - 0.5)

    for picture in pictures:
        if kept is not None and cell_of(picture) > cell_of(kept):
            take(cell_of(kept), kept)
            kept = None
        if kept is None or distance(picture) < distance(kept):
            kept = picture
        yield picture
    if kept is not None:
        take(cell_of(kept), kept)


def nearest(pictures: Iterable[Picture], times_seconds: Sequence[float]) -> list[Picture | None]:
    """For each time the picture nearest to it; None where there are no pictures."""
    found: list[Picture | None] = [None] * len(times_seconds)
    for picture in pictures:
        for k, time in enumerate(times_seconds):
            kept = found[k]
            if kept is None or abs(picture.time_seconds - time) < abs(kept.time_seconds - time):
                found[k] = picture
    return found


def held(known: Mapping[int, Rows], width: int, *, duration_seconds: float) -> Rows:
    """One row a second [T, D] from rows [D] known at some seconds."""
    rows = np.zeros((math.ceil(duration_seconds), width), np.float32)
    latest = np.zeros(width, np.float32)
    for second in range(len(rows)):
        latest = known.get(second, latest)
        rows[second] = latest
    return rows


def embedding_names(what: str, width: int) -> tuple[str, ...]:
    """Names of an embedding's numbers: "clip_0000", …"""
    return tuple(f"{what}_{d:04d}" for d in range(width))


def unit_length(rows: Rows) -> Rows:
    """Rows [..., D] divided by their length; zeros stay zeros. The same scaling for every encoder."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
