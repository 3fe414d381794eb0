"""Gains that move as a hand on a fader would: smooth within a shot, quick at a cut."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from limelight.signals import Vector

WITHIN_SECONDS = 1.0  # σ of the smoothing inside a shot
ACROSS = 0.2  # how much the other side of a cut still counts
RAMP_SECONDS = 0.3  # the quickest move
LARGEST_DB = 15.0


def smooth(curves_db: Vector, cuts_seconds: Vector, *, step_seconds: float) -> Vector:
    """Curves [K, T] in dB, Gaussian within shots, then a short moving average, never over LARGEST_DB.

    Constant curves stay as they are, and a smoothed curve never leaves the range of the one it came from.
    """
    curves_db = np.clip(curves_db, -LARGEST_DB, LARGEST_DB)
    steps = curves_db.shape[1]
    shot = np.searchsorted(cuts_seconds, np.arange(steps) * step_seconds, side="right")  # [T]
    sigma = WITHIN_SECONDS / step_seconds
    reach = min(round(3 * sigma), steps - 1)
    total, weight = np.zeros_like(curves_db), np.zeros(steps)
    for offset in range(-reach, reach + 1):
        here = slice(max(0, -offset), steps - max(0, offset))
        there = slice(max(0, offset), steps + min(0, offset))
        w = np.exp(-0.5 * (offset / sigma) ** 2) * np.where(shot[here] == shot[there], 1.0, ACROSS)
        total[:, here] += w * curves_db[:, there]
        weight[here] += w
    return _moving_average(total / weight, max(1, round(RAMP_SECONDS / step_seconds)))


def _moving_average(curves: Vector, width: int) -> Vector:
    if curves.shape[1] <= 1 or width <= 1:
        return curves
    ahead = width // 2
    padded = np.pad(curves, ((0, 0), (ahead, width - 1 - ahead)), mode="edge")
    return np.asarray(sliding_window_view(padded, width, axis=1).mean(axis=2))
