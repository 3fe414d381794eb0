"""Where one shot ends and the next begins, and which cuts lead to another scene.

    difference = ½ (Hellinger distance of the colour histograms)
               + ½ (1 − correlation of tiny grey pictures) · min(1, their mean difference / PLAIN)

Each picture is compared with several earlier ones, because a flash comes back to what was before and a cut does not, and
because a dissolve passes half-way through the mean of its ends. A cut stands out from the differences around it and is not
explained by the camera's motion. The adaptive threshold follows PySceneDetect's idea of judging a difference by its
neighbours; ours uses their median, so that quick cutting does not hide cuts. A fade through black, and a dissolve, count once.
What lies on either side of a scene's boundary is decided by itself.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limelight.types import Cues, Vector
from limelight.vision.frames import Image, View
from limelight.vision.images import by_area

FAINT = 0.02  # luma; contrast below this says nothing about likeness
FADED = 0.05  # luma; with less contrast an end is a fade, not a dissolve
PLAIN = 0.08  # luma; layouts that differ by less are hardly different, whatever their correlation
LEVELS = 6  # per colour channel of the histogram
REACH = 4  # pictures back: flashes up to REACH − 1 pictures long are seen as such
DISSOLVES_OVER = (8, 16)  # pictures that a dissolve may take: one second and two
LONGEST_DISSOLVE_SECONDS = 2.5  # pictures that lie further apart show none


class Difference(NamedTuple):
    """Distances 0…1 to the pictures one, two, … before; 0 where there is none."""

    change_1: float
    change_2: float
    change_3: float
    change_4: float
    dissolve: float  # 0…1: how much the last pictures look like one blending into another


@dataclass(frozen=True)
class _Gist:
    time_seconds: float
    colours: Image  # [LEVELS³], square roots of shares
    layout: Image  # [18 · 32], luma
    pattern: Image  # [18 · 32], the layout about its mean, brought to unit length

    @property
    def faded(self) -> bool:
        return float(self.layout.std()) < FADED


class Comparer:
    """Compares each picture with the few before it; holds only tiny gists of those."""

    def __init__(self) -> None:
        self._earlier: deque[_Gist] = deque(maxlen=max(DISSOLVES_OVER))

    def compare(self, view: View) -> Difference:
        """Distances from this picture to those before it."""
        gist = _gist(view)
        reach = min(REACH, len(self._earlier))
        changes = [_distance(gist, self._earlier[-k]) for k in range(1, reach + 1)] + [0.0] * (REACH - reach)
        spans = [span for span in DISSOLVES_OVER if span <= len(self._earlier)]
        blends = [_blend(self._earlier[-span], self._earlier[-span // 2], gist) for span in spans]
        self._earlier.append(gist)
        return Difference(changes[0], changes[1], changes[2], changes[3], max(blends, default=0.0))


def _gist(view: View) -> _Gist:
    steps = np.minimum((view.colours * LEVELS).astype(np.intp), LEVELS - 1)
    codes = (steps[..., 0] * LEVELS + steps[..., 1]) * LEVELS + steps[..., 2]
    shares = np.bincount(codes.ravel(), minlength=LEVELS**3) / codes.size
    layout = by_area(view.luma, 18, 32).ravel()
    pattern = layout - layout.mean()
    power = float(pattern @ pattern) + FAINT**2 * pattern.size
    return _Gist(view.time_seconds, np.sqrt(shares).astype(np.float32), layout, pattern / np.float32(np.sqrt(power)))


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
    lasts = end.time_seconds - start.time_seconds
    if apart < PLAIN or start.faded or end.faded or lasts > LONGEST_DISSOLVE_SECONDS:
        return 0.0
    straightness = 1 - float(np.abs(middle.layout - (start.layout + end.layout) / 2).mean()) / (0.5 * apart)
    return max(0.0, straightness) * _unlikeness(start, end)


CUT = 0.3  # least evidence of a cut, 0…1
STANDS_OUT = 2.5  # times the median evidence around it
NEIGHBOURS = 8  # pictures to either side
COMES_BACK = 0.5  # of the difference: less than that, a flash later, is a return
LONGEST_FLASH, LONGEST_FLASH_SECONDS = 3, 0.5  # pictures, and how long they last
BLACK_KEY, BLACK_CONTRAST = 0.06, 0.08
DISSOLVES = 0.5
MIN_SHOT_SECONDS = 0.45


@dataclass(frozen=True)
class Evidence:
    """What speaks for a cut at each sampled picture, all [P]; `changes` [P, 4] to the pictures 1…4 before."""

    time_seconds: Vector
    changes: Vector
    match: Vector
    key: Vector
    contrast: Vector
    dissolve: Vector


def find_cuts(evidence: Evidence) -> NDArray[np.intp]:
    """Indices of the pictures that begin a new shot (never the first picture)."""
    hard = _hard_cuts(evidence)
    soft = _fades(evidence) | _dissolves(evidence, hard)
    return _spaced(hard, soft, evidence.time_seconds)


def _hard_cuts(evidence: Evidence) -> NDArray[np.bool_]:
    # Aligned by the camera's motion the two pictures of a pan match, those of a cut do not.
    near = evidence.changes[:, 0] * np.sqrt(1 - np.clip(evidence.match, 0, 1))
    around = _median_around(near)
    cuts: NDArray[np.bool_] = (near > CUT) & (near > STANDS_OUT * around) & ~_comes_back(evidence)
    return cuts


def _median_around(values: Vector) -> Vector:
    count = len(values)
    return np.array(
        [
            np.median(np.r_[values[max(0, i - NEIGHBOURS) : i], values[i + 1 : i + 1 + NEIGHBOURS], 0.0])
            for i in range(count)
        ]
    )


def _comes_back(evidence: Evidence) -> NDArray[np.bool_]:
    """True where the picture leaves for, or returns from, a flash of at most LONGEST_FLASH pictures."""
    changes, times = evidence.changes, evidence.time_seconds
    back = np.zeros(len(changes), bool)
    for length in range(1, LONGEST_FLASH + 1):
        # changes[i, length] compares i with the picture just before the flash began at i − length.
        brief = times[length:] - times[:-length] <= LONGEST_FLASH_SECONDS
        returned = np.flatnonzero((changes[length:, length] < COMES_BACK * changes[:-length, 0]) & brief) + length
        returned = returned[returned - length > 0]
        back[returned - length] = True
        back[returned] |= changes[returned, 0] > changes[returned, length]
    return back


def _fades(evidence: Evidence) -> NDArray[np.bool_]:
    """True at the first picture after a stretch of black that has content before it."""
    black = (evidence.key < BLACK_KEY) & (evidence.contrast < BLACK_CONTRAST)
    ends = np.zeros(len(black), bool)
    ends[1:] = black[:-1] & ~black[1:]
    ends &= np.cumsum(~black) > 1
    return ends


def _dissolves(evidence: Evidence, hard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True at the strongest moment of each dissolve that no hard cut explains."""
    strength = evidence.dissolve
    found = np.zeros(len(strength), bool)
    for i in np.flatnonzero(strength > DISSOLVES):
        before, after = slice(max(0, i - 2 * NEIGHBOURS), i), slice(i, i + 2 * NEIGHBOURS + 1)
        first = strength[i] > strength[before].max(initial=0.0) and strength[i] >= strength[after].max()
        found[i] = first and not hard[before].any() and not hard[after].any()
    return found


def _spaced(hard: NDArray[np.bool_], soft: NDArray[np.bool_], time_seconds: Vector) -> NDArray[np.intp]:
    """Hard cuts first, then soft ones, none nearer than the shortest shot to one already taken or to the start."""
    taken: list[int] = []
    for candidates in (hard, soft & ~hard):
        for i in np.flatnonzero(candidates).tolist():
            others = [float(time_seconds[0])] + [float(time_seconds[j]) for j in taken]
            if i > 0 and min(abs(float(time_seconds[i]) - other) for other in others) >= MIN_SHOT_SECONDS:
                taken.append(i)
    return np.array(sorted(taken), np.intp)


SHORTEST_SCENE_SECONDS = 3.0  # between two boundaries; a decision wants a moment to judge
GLANCE_SECONDS = 5.0  # what is compared on either side
APART = 1.0  # Euclidean distance of the cues' means, 0 to 1 each; mostly less within a scene (research/EXPERIMENTS.md)


def scene_boundaries(cues: Cues) -> tuple[float, ...]:
    """The cuts, in seconds, behind which the picture says something else than before; a cut within a scene is none."""
    boundaries: list[float] = []
    if len(cues.values) == 0:
        return ()
    for shot in cues.shots[1:]:
        cut, last = shot.start_seconds, boundaries[-1] if boundaries else 0.0
        before = _mean(cues, max(last, cut - GLANCE_SECONDS), cut)
        after = _mean(cues, cut, cut + GLANCE_SECONDS)
        if cut - last >= SHORTEST_SCENE_SECONDS and float(np.linalg.norm(after - before)) > APART:
            boundaries.append(cut)
    return tuple(boundaries)


def _mean(cues: Cues, start_seconds: float, end_seconds: float) -> Vector:
    rows = rows_within(start_seconds, end_seconds, len(cues.values))
    return np.asarray(cues.values[rows].mean(axis=0, dtype=np.float64))


def rows_within(start_seconds: float, end_seconds: float, count: int) -> NDArray[np.int64]:
    """Numbers of the cues' rows, of `count`, whose second's middle lies in a stretch; one at least, if there are any."""
    first = min(math.ceil(start_seconds - 0.5), count - 1)
    last = min(math.ceil(end_seconds - 0.5), count)
    return np.arange(max(0, first), max(last, first + 1))
