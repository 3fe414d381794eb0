"""Gain curves as few keyframes, so that an editor plays what the plan says.

A plan has ten points a second; nobody can move thousands of keyframes. They are thinned by the line simplification of Ramer
(1972) and Douglas & Peucker (1973). Ours differs in how far a line is from the curve: editors draw their straight lines in
different units, and most do not say in which. So a line must fit in all of them at once:

    decibels     g = a + (b − a) · u                      Final Cut, tables
    amplitude    A = A_a + (A_b − A_a) · u                Final Cut 7's XML, Premiere, Reaper
    fader        p = p_a + (p_b − p_a) · u                Audition, p as below

Keyframes can be bound to a grid, as Premiere's are to frames.

The fader: positions from 0 to 1, 0.65 is 0 dB, 1 is +15 dB. Below 0 dB the amplitude is a power of the position, above it the
mirror image. Adobe publishes no formula; this one fits the positions that converters of session files have measured within
0.02 dB from −40 to +15 dB.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.types import Vector

TOLERANCE_DB = 0.02  # −60 dB of the mix, with some to spare; at 0.05 a demo film is at −58
FLOOR_DB = -60.0  # what is softer may be off by more: it adds nothing to a mix
FADER_ZERO = 0.65
FADER_POWER = 0.75 / math.log10(FADER_ZERO / (2 * FADER_ZERO - 1))  # so that 1 is +15 dB


@dataclass(frozen=True)
class Keyframes:
    """A gain over time: straight lines between points, constant before the first and after the last."""

    times_seconds: Vector  # [P], rising
    gains_db: Vector  # [P]

    def __post_init__(self) -> None:
        if not len(self.times_seconds) or len(self.times_seconds) != len(self.gains_db):
            raise ValueError(f"{len(self.times_seconds)} times and {len(self.gains_db)} gains do not make keyframes")
        if np.any(np.diff(self.times_seconds) <= 0):
            raise ValueError("the times of keyframes must rise")

    def __len__(self) -> int:
        return len(self.times_seconds)

    def at(self, times_seconds: Vector) -> Vector:
        """Gains in dB at any times, on straight lines in dB."""
        return np.interp(times_seconds, self.times_seconds, self.gains_db)


@dataclass(frozen=True)
class Played:
    """A track as the file of an editor has it."""

    gains_db: Vector  # [T], at times that were asked for
    clips: int = 1
    start_seconds: float = 0.0  # of its clip
    seconds: float | None = None  # how long it is, where the file tells
    last_seconds: float = 0.0  # its last keyframe


def fader_position(gains_db: Vector) -> Vector:
    """Where Audition's fader stands for gains in dB, 0…1."""
    below = FADER_ZERO * 10 ** (-np.abs(np.asarray(gains_db, np.float64)) / (20 * FADER_POWER))
    return np.where(np.asarray(gains_db) <= 0, below, 2 * FADER_ZERO - below)


def fader_gain_db(positions: Vector) -> Vector:
    """Gains in dB of positions of Audition's fader."""
    below = np.minimum(positions, 2 * FADER_ZERO - np.asarray(positions, np.float64))
    gain = 20 * FADER_POWER * np.log10(np.maximum(below, 1e-9) / FADER_ZERO)
    return np.where(np.asarray(positions) <= FADER_ZERO, gain, -gain)


def amplitude_db(amplitudes: Vector) -> Vector:
    """Gains in dB of amplitudes."""
    return np.asarray(20 * np.log10(np.maximum(amplitudes, 1e-15)))


# In and out of the units in which an editor's lines are straight.
Law = tuple[Callable[[Vector], Vector], Callable[[Vector], Vector]]
LAWS: dict[str, Law] = {
    "decibels": (lambda gains: gains, lambda gains: gains),
    "amplitude": (lambda gains: np.asarray(db_to_gain(gains)), amplitude_db),
    "fader": (fader_position, fader_gain_db),
}


def thinned(
    times_seconds: Vector,
    gains_db: Vector,
    *,
    end_seconds: float,
    grid_per_second: float | None = None,
    tolerance_db: float = TOLERANCE_DB,
) -> Keyframes:
    """The curve through points [P] on straight lines in dB, as few keyframes.

    The first is at 0, the last at the end or before it. grid_per_second: keyframes are only put on multiples of its inverse;
    where the curve moves faster than this grid, they follow as well as it allows.
    """
    grid = _grid(times_seconds, end_seconds, grid_per_second)
    times = np.union1d(grid, times_seconds[(times_seconds >= 0) & (times_seconds <= grid[-1])])
    curve = np.interp(times, times_seconds, gains_db)
    allowed = np.ones(len(times), bool) if grid_per_second is None else np.isin(times, grid)
    kept = _simplified(times, curve, allowed, tolerance_db)
    if len(kept) == 2 and curve[kept[0]] == curve[kept[1]]:
        kept = kept[:1]  # one keyframe holds for good
    return Keyframes(times[kept], curve[kept])


def _grid(times_seconds: Vector, end_seconds: float, per_second: float | None) -> Vector:
    """Where keyframes may stand, [G]; at least at 0."""
    if per_second is None:
        inside = times_seconds[(times_seconds > 0) & (times_seconds < end_seconds)]
        return np.unique(np.concatenate([[0.0], inside, [max(0.0, end_seconds)]]))
    return np.arange(math.floor(max(0.0, end_seconds) * per_second + 1e-6) + 1) / per_second


def _simplified(times: Vector, curve: Vector, allowed: NDArray[np.bool_], tolerance_db: float) -> NDArray[np.intp]:
    """Which points are kept, [P]: no other is further than the tolerance from the lines between them."""
    kept = {0, len(times) - 1}
    open_parts = [(0, len(times) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        inner = np.arange(first + 1, last)[allowed[first + 1 : last]]
        if not len(inner):
            continue
        off = _deviation(times[first : last + 1], curve[first : last + 1])
        worst = first + int(np.argmax(off))
        if off[worst - first] <= tolerance_db:
            continue
        at = int(inner[np.argmin(np.abs(times[inner] - times[worst]))])
        kept.add(at)
        open_parts += [(first, at), (at, last)]
    return np.array(sorted(kept))


def _deviation(times: Vector, curve: Vector) -> Vector:
    """How far the line from the first to the last point is from the curve, in dB, [P], by the law in which it is furthest."""
    share = (times - times[0]) / (times[-1] - times[0])
    floor = db_to_gain(FLOOR_DB)
    true = amplitude_db(np.asarray(db_to_gain(curve)) + floor)
    off = np.zeros(len(times))
    for there, back in LAWS.values():
        ends = there(curve[[0, -1]])
        drawn = amplitude_db(np.asarray(db_to_gain(back(ends[0] + (ends[1] - ends[0]) * share))) + floor)
        off = np.maximum(off, np.abs(drawn - true))
    return off
