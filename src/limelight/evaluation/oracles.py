"""Controls that know the truth: what one gain, or one gain curve a stem, could do at best. Upper bounds, not methods.

one gain            lowers MAG, and nothing of the level-matched figures: level is all it can move
gains on stems      x + Σ_k (g_k(t) − 1) s_k with the gains that come nearest the target, as a plan is rendered.
                    On true stems ≈ the target; on separated ones what is left is the separator's
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.evaluation.analysed import Analysed
from limelight.evaluation.explanation import moved, moving_gains

Sound = NDArray[np.floating]

RANGE_DB = 30.0
ROUNDS = 30
EVERY = 4  # frames; one gain needs no more


def best_gain(source: Sound, target: Sound) -> float:
    """The one gain that brings MAG of mono signals [N] lowest, by golden-section search in dB."""
    return best_gain_of(Analysed(source), Analysed(target))


def best_gain_of(source: Analysed, target: Analysed) -> float:
    """The same, of signals that were looked at already."""
    a, b = (signal.magnitudes[:, ::EVERY] for signal in (source, target))
    low, high = -RANGE_DB, RANGE_DB
    golden = (5**0.5 - 1) / 2
    for _ in range(ROUNDS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if np.abs(a * 10 ** (left / 20) - b).mean() < np.abs(a * 10 ** (right / 20) - b).mean():
            high = right
        else:
            low = left
    return float(10 ** ((low + high) / 40))


def best_remix(source: Sound, target: Sound, stems: Sound, *, sample_rate: int) -> Sound:
    """A mix [C, N] with its stems [K, C, N] moved as near to the target as ten gains a second bring them."""
    changes = moving_gains(target - source, stems, sample_rate=sample_rate)  # g − 1: where there is no sound, no change
    return np.asarray(source + moved(stems, changes, sample_rate=sample_rate).sum(axis=0), np.float32)
