"""A signal and all that the papers' metrics look at in it, each computed once.

A clip has one target and many outputs, and every output is compared twice: as it is, and at the target's loudness. A gain
passes through every one of these views, so the second comparison needs no second transform:

    |STFT(g x)| = g |STFT(x)|      envelope(g x) = g envelope(x)      for g ≥ 0
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limelight.metrics import papers as metrics
from limelight.metrics.papers import Signal

Array = NDArray[np.float64]

BATCH_FRAMES = 64


@dataclass(frozen=True, eq=False, repr=False)
class Analysed:
    """A mono signal [N] at 44,100 Hz."""

    samples: Signal

    @cached_property
    def magnitudes(self) -> Array:
        """|STFT|, [F, T]."""
        return metrics.magnitudes(self.samples)

    @cached_property
    def envelope(self) -> Array:
        """Of the analytic signal, [N]."""
        return metrics.envelope(self.samples)

    @cached_property
    def in_order(self) -> Signal:
        """Sample values, rising, [N]."""
        return np.sort(self.samples)

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated; −∞ is silence."""
        return metrics.loudness_lufs(self.samples)


def papers_metrics(output: Analysed, target: Analysed) -> dict[str, float]:
    """The metrics of `metrics` by name, raw and level-matched. Raises ValueError as they do."""
    metrics.validate(output.samples, target.samples)
    gain = metrics.matching_gain(output.loudness_lufs, target.loudness_lufs)
    return {
        "mag": _mean_distance(output.magnitudes, target.magnitudes),
        "env": _root_mean_square(output.envelope, target.envelope),
        "w_dis": float(np.mean(np.abs(output.in_order - target.in_order))),
        "mag_level_matched": _mean_distance(output.magnitudes, target.magnitudes, gain),
        "env_level_matched": _root_mean_square(gain * output.envelope, target.envelope),
    }


def clean_mix_change(output: Analysed, good: Analysed) -> float:
    """How much a mix that was already right was changed: level-matched MAG of the output against what was given.

    `good` is both what the method was given and what it should have left alone. Loudness is not harm. Raw, as MAG is.
    """
    metrics.validate(output.samples, good.samples)
    gain = metrics.matching_gain(output.loudness_lufs, good.loudness_lufs)
    return _mean_distance(output.magnitudes, good.magnitudes, gain)


def _mean_distance(a: Array, b: Array, gain: float = 1.0) -> float:
    """Mean of |gain · a − b|, [F, T] each, a few frames at a time: what is in hand at once stays in the cache."""
    total = 0.0
    for first in range(0, a.shape[1], BATCH_FRAMES):
        batch = slice(first, first + BATCH_FRAMES)
        total += float(np.abs(gain * a[:, batch] - b[:, batch]).sum())
    return total / a.size


def _root_mean_square(a: Array, b: Array) -> float:
    return float(np.sqrt(np.mean(np.square(a - b))))
