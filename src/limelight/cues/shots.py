"""Where one shot ends and the next begins, from the differences between sampled pictures.

A cut stands out from the differences around it, is not explained by the camera's motion, and does not come back
(a flash does). The adaptive threshold follows PySceneDetect's idea of judging a difference by its neighbours; ours
uses their median, so that quick cutting does not hide cuts. A fade through black, and a dissolve, count once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.signals import Vector

CUT = 0.3  # least evidence of a cut, 0…1
STANDS_OUT = 2.5  # times the median evidence around it
NEIGHBOURS = 8  # pictures to either side
COMES_BACK = 0.5  # of the difference: less than that, a flash later, is a return
LONGEST_FLASH = 3  # pictures
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
    cuts: NDArray[np.bool_] = (near > CUT) & (near > STANDS_OUT * around) & ~_comes_back(evidence.changes)
    return cuts


def _median_around(values: Vector) -> Vector:
    count = len(values)
    return np.array(
        [
            np.median(np.r_[values[max(0, i - NEIGHBOURS) : i], values[i + 1 : i + 1 + NEIGHBOURS], 0.0])
            for i in range(count)
        ]
    )


def _comes_back(changes: Vector) -> NDArray[np.bool_]:
    """True where the picture leaves for, or returns from, a flash of at most LONGEST_FLASH pictures."""
    back = np.zeros(len(changes), bool)
    for length in range(1, LONGEST_FLASH + 1):
        # changes[i, length] compares i with the picture just before the flash began at i − length.
        returned = np.flatnonzero(changes[length:, length] < COMES_BACK * changes[:-length, 0]) + length
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
