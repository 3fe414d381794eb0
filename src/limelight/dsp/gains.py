"""Gains: ratios, decibels, and curves of them over time.

A gain of 0 is a value and reads −∞ dB. Curves move along straight lines in decibels, which the ear hears as even.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SILENCE_DB = -120.0  # a curve that falls this far has arrived at nothing


def db_to_gain(db: ArrayLike) -> NDArray[np.float64]:
    """Amplitude ratio of a level in dB; −∞ dB is 0."""
    return np.asarray(np.power(10.0, np.asarray(db, np.float64) / 20.0))


def gain_to_db(gain: ArrayLike) -> NDArray[np.float64]:
    """Level in dB of an amplitude ratio (its sign is of no account); 0 is −∞ dB."""
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(np.abs(np.asarray(gain, np.float64))))


def interpolate_gain(
    curve_times_seconds: ArrayLike, curve_db: ArrayLike, sample_times_seconds: ArrayLike
) -> NDArray[np.float64]:
    """Amplitude ratios at the given times, from a curve that is linear in dB between its points, constant outside.

    `curve_times_seconds` [T] must increase; `curve_db` [T] may hold −∞, treated as a fade to `SILENCE_DB` and 0 there.
    """
    times = np.asarray(curve_times_seconds, np.float64)
    levels = np.maximum(np.asarray(curve_db, np.float64), SILENCE_DB)
    if times.ndim != 1 or times.shape != levels.shape or times.size == 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"a gain curve needs increasing times, one per level, got {times.shape} and {levels.shape}")
    db = np.interp(np.asarray(sample_times_seconds, np.float64), times, levels)
    return np.where(db > SILENCE_DB, db_to_gain(db), 0.0)
