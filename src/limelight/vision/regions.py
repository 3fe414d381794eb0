"""Connected regions of a mask and their boxes, in NumPy: runs of each row are joined where they touch those of the next.

row 0   ..###...##..      runs, not pixels, are joined; each run takes the smallest number among its neighbours,
row 1   ...####..#..      and of that one's, until nothing changes
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]


def closed_across(mask: Mask, reach: int) -> Mask:
    """A mask [H, W] whose gaps within a row of at most 2 · `reach` pixels are filled."""
    return ~_grown_across(~_grown_across(mask, reach), reach)


def regions(mask: Mask) -> Numbers:
    """The regions of a mask [H, W] whose pixels share sides: [R, 5], left, top, width, height and pixels of each."""
    row, start, end = _runs(mask)
    if len(row) == 0:
        return np.zeros((0, 5), np.intp)
    number = _joined(len(row), *_touching(row, start, end))
    _, which = np.unique(number, return_inverse=True)
    count = int(which.max()) + 1
    left, top = np.full(count, mask.shape[1]), np.full(count, mask.shape[0])
    right, bottom, pixels = np.zeros((3, count), np.intp)
    np.minimum.at(left, which, start)
    np.minimum.at(top, which, row)
    np.maximum.at(right, which, end)
    np.maximum.at(bottom, which, row + 1)
    np.add.at(pixels, which, end - start)
    return np.stack([left, top, right - left, bottom - top, pixels], axis=1)


def _grown_across(mask: Mask, reach: int) -> Mask:
    grown = mask.copy()
    for step in range(1, reach + 1):
        grown[:, step:] |= mask[:, :-step]
        grown[:, :-step] |= mask[:, step:]
    return grown


def _runs(mask: Mask) -> tuple[Numbers, Numbers, Numbers]:
    """Row, first column and the column after the last of each run, row by row."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(steps == 1)
    _, end = np.nonzero(steps == -1)
    return row, start, end


def _touching(row: Numbers, start: Numbers, end: Numbers) -> tuple[Numbers, Numbers]:
    """Pairs of runs in neighbouring rows that share a column."""
    # On one line, row after row, the runs of the next row that a run touches lie side by side.
    line = int(end.max()) + 2
    first = np.searchsorted(row * line + end, (row + 1) * line + start, side="right")
    last = np.searchsorted(row * line + start, (row + 1) * line + end, side="left")
    counts = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(row)), counts)
    below = np.repeat(first, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return above, below


def _joined(count: int, one: Numbers, other: Numbers) -> Numbers:
    """For each of `count` runs the smallest number of all that are connected with it by pairs."""
    number = np.arange(count)
    while True:
        least = np.minimum(number[one], number[other])
        earlier = number.copy()
        np.minimum.at(number, number[one], least)
        np.minimum.at(number, number[other], least)
        number = number[number]
        if np.array_equal(number, earlier):
            return number
