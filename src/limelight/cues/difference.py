"""How different two pictures are as a whole, for finding cuts: colours and layout, blind to small motion.

    difference = ½ (Hellinger distance of the colour histograms)
               + ½ (1 − correlation of tiny grey pictures) · min(1, their mean difference / PLAIN)

Each picture is compared with several earlier ones, because a flash comes back to what was before and a cut does
not, and because a dissolve passes half-way through the mean of its ends.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from limelight.cues.view import Image, View, resized

FAINT = 0.02  # luma; contrast below this says nothing about likeness
FADED = 0.05  # luma; with less contrast an end is a fade, not a dissolve
PLAIN = 0.08  # luma; layouts that differ by less are hardly different, whatever their correlation
LEVELS = 6  # per colour channel of the histogram
REACH = 4  # pictures back: flashes up to REACH − 1 pictures long are seen as such
DISSOLVES = (8, 16)  # pictures that a dissolve may take: one second and two


class Difference(NamedTuple):
    """Distances 0…1 to the pictures one, two, … before; 0 where there is none."""

    change_1: float
    change_2: float
    change_3: float
    change_4: float
    dissolve: float  # 0…1: how much the last pictures look like one blending into another


@dataclass(frozen=True)
class _Gist:
    colours: Image  # [LEVELS³], square roots of shares
    layout: Image  # [18 · 32], luma
    pattern: Image  # [18 · 32], the layout about its mean, brought to unit length

    @property
    def faded(self) -> bool:
        return float(self.layout.std()) < FADED


class Comparer:
    """Compares each picture with the few before it; holds only tiny gists of those."""

    def __init__(self) -> None:
        self._earlier: deque[_Gist] = deque(maxlen=max(DISSOLVES))

    def compare(self, view: View) -> Difference:
        """Distances from this picture to those before it."""
        gist = _gist(view)
        reach = min(REACH, len(self._earlier))
        changes = [_distance(gist, self._earlier[-k]) for k in range(1, reach + 1)] + [0.0] * (REACH - reach)
        spans = [span for span in DISSOLVES if span <= len(self._earlier)]
        blends = [_blend(self._earlier[-span], self._earlier[-span // 2], gist) for span in spans]
        self._earlier.append(gist)
        return Difference(changes[0], changes[1], changes[2], changes[3], max(blends, default=0.0))


def _gist(view: View) -> _Gist:
    steps = np.minimum((view.colours * LEVELS).astype(np.intp), LEVELS - 1)
    codes = (steps[..., 0] * LEVELS + steps[..., 1]) * LEVELS + steps[..., 2]
    shares = np.bincount(codes.ravel(), minlength=LEVELS**3) / codes.size
    layout = resized(view.luma, 18, 32).ravel()
    pattern = layout - layout.mean()
    power = float(pattern @ pattern) + FAINT**2 * pattern.size
    return _Gist(np.sqrt(shares).astype(np.float32), layout, pattern / np.float32(np.sqrt(power)))


def _distance(a: _Gist, b: _Gist) -> float:
    overlap = float(a.colours @ b.colours)
    hellinger = float(np.sqrt(max(0.0, 1 - overlap)))
    visible = min(1.0, float(np.abs(a.layout - b.layout).mean()) / PLAIN)  # a title on a plain ground is no cut
    return 0.5 * hellinger + 0.5 * visible * _unlikeness(a, b)


def _unlikeness(a: _Gist, b: _Gist) -> float:
    """0 for layouts of one pattern, 1 for those that have nothing in common."""
    return 1 - min(1.0, max(0.0, float(a.pattern @ b.pattern)))


def _blend(start: _Gist, middle: _Gist, end: _Gist) -> float:
    # A dissolve: the middle is the mean of the ends, which have nothing to do with each other.
    apart = float(np.abs(end.layout - start.layout).mean())
    if apart < PLAIN or start.faded or end.faded:
        return 0.0
    straightness = 1 - float(np.abs(middle.layout - (start.layout + end.layout) / 2).mean()) / (0.5 * apart)
    return max(0.0, straightness) * _unlikeness(start, end)
