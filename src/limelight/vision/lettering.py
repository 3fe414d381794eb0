"""Lettering: many small strokes of one ink side by side in a line, on plain ground above and below.

    upright strokes → joined across gaps of a few pixels → connected regions → long low bars, well filled, set off by their ink

Evidence only, nothing is read. Titles and captions of ordinary size are seen; letters higher than a fifth of the picture are
not, and the windows of a façade may be taken for text. Regions are found by runs of pixels, which are joined where they touch
those of the next row: each run takes the smallest number among its neighbours, and of that one's, until nothing changes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limelight.vision.images import slope_across

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]

STROKE = 45  # grey levels that a stroke's flank must rise or fall
JOIN = 4  # pixels to either side over which strokes belong together
SHORTEST = 16  # picture points of 180
FILLED, STROKED = 0.45, 0.12  # least share of the bar after and before joining
EVEN, INK = 22, 60  # grey levels: the ground varies less, the ink stands out more


class _Bar(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    filled: int


def text_share(grey: Grey) -> float:
    """Share of a picture [H, W] that lines of text cover, 0…1."""
    flanks = np.abs(slope_across(grey)) > 4 * STROKE  # [H, W]
    boxes = regions(closed_across(flanks, JOIN))
    bars = [_Bar(*box) for box in boxes[boxes[:, 2] >= SHORTEST].tolist()]
    lines = (bar for bar in bars if _is_long_and_low(bar, grey) and _is_lettered(bar, grey, flanks))
    return min(1.0, sum(bar.width * bar.height for bar in lines) / grey.size)


def _is_long_and_low(bar: _Bar, grey: Grey) -> bool:
    long = bar.width >= 2.5 * bar.height and bar.width <= 0.8 * grey.shape[1]
    return long and 4 <= bar.height <= grey.shape[0] // 5 and bar.filled >= FILLED * bar.width * bar.height


def _is_lettered(bar: _Bar, grey: Grey, flanks: Mask) -> bool:
    gap = max(3, bar.height // 2)
    top, bottom, across = bar.y, bar.y + bar.height, slice(bar.x, bar.x + bar.width)
    inside = grey[top:bottom, across]
    ground = np.concatenate(
        [grey[max(0, top - gap) : max(0, top - 1), across], grey[bottom + 1 : bottom + gap, across]]
    )
    if ground.size == 0 or float(ground.std()) > EVEN or float(flanks[top:bottom, across].mean()) < STROKED:
        return False
    dark, bright = np.percentile(inside, (5, 95))
    level = float(np.median(ground))
    return bool(max(bright - level, level - dark) > INK)


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
