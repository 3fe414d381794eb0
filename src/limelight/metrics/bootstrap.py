"""How sure a figure is: percentile bootstrap over clips (Efron 1979), paired where two methods heard the same clips.

    mean of n clips ─► 2,000 times: n clips sampled with replacement, their mean ─► the middle 95 %

Two methods are compared on the same samples, clip by clip, since clips differ far more than methods do: a difference is real
where its interval leaves out 0. Clips that share sounds (counterfactual pairs) are not independent, and intervals are then
a little too narrow. What is NaN in either is left out of both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

DRAWS, SHARE, SEED = 2000, 0.95, 0
FEWEST_CLIPS = 10

# From values of drawn clips [draws, n] to a figure of each draw, [draws].
Statistic = Callable[[Array], Array]


@dataclass(frozen=True)
class Interval:
    """A figure, and where it lies for sure but for one time in twenty."""

    value: float
    low: float
    high: float
    clips: int = FEWEST_CLIPS  # that it was drawn from

    @property
    def leaves_out_zero(self) -> bool:
        """Whether a difference is real; few clips say too little about all others."""
        return self.clips >= FEWEST_CLIPS and (self.low > 0 or self.high < 0)


def negative(of: Interval) -> Interval:
    """The same the other way round: a share that is gone as a change."""
    return Interval(-of.value, -of.high, -of.low, of.clips)


def mean_of(drawn: Array) -> Array:
    """The mean of each draw."""
    return np.asarray(drawn.mean(axis=1))


def interval(values: ArrayLike, *, statistic: Statistic = mean_of) -> Interval:
    """Of the values of clips [n], NaN left out; NaN where none is left."""
    found = np.asarray(values, np.float64)
    found = found[~np.isnan(found)]
    if not found.size:
        return Interval(np.nan, np.nan, np.nan, 0)
    return _interval(float(statistic(found[None])[0]), statistic(found[_draws(found.size)]), found.size)


def paired_difference(a: ArrayLike, b: ArrayLike) -> Interval:
    """mean(a) − mean(b) of the same clips [n]."""
    first, second = _pairs(a, b)
    return interval(first - second)


def share_gone(having: ArrayLike, without: ArrayLike) -> Interval:
    """1 − mean(having) / mean(without): how much of a distance is gone with something, of the same clips [n].

    The picture's share is that of the true picture against another clip's, or against none: 0.1 says that a tenth of the
    distance that is left without it goes with it; below 0 it does harm.
    """
    first, second = _pairs(having, without)
    if not first.size or not second.any():
        return Interval(np.nan, np.nan, np.nan, 0)
    drawn = _draws(first.size)
    below = second[drawn].mean(axis=1)
    usable = below != 0
    shares = 1 - first[drawn].mean(axis=1)[usable] / below[usable]
    return _interval(float(1 - first.mean() / second.mean()), shares, first.size)


def _pairs(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"a paired comparison wants the same clips twice, got {first.shape} and {second.shape}")
    there = ~(np.isnan(first) | np.isnan(second))
    return first[there], second[there]


@cache
def _draws(n: int) -> NDArray[np.int64]:
    """Which clips are drawn, [draws, n]; the same for the same number of clips."""
    return np.random.default_rng(SEED).integers(n, size=(DRAWS, n))


def _interval(value: float, drawn: Array, clips: int) -> Interval:
    low, high = np.quantile(drawn, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return Interval(value, float(low), float(high), clips)
