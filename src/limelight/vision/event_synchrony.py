"""Does what moves make what sounds? Motion against onsets of the sound, and cuts against onsets of the music.

    picture   log of the change within 80 ms ──► less its mean over 2 s ─┐
    sound     onset strength, every 10 ms ─────► less its mean over 2 s ─┴─► correlation over ten seconds ──► odds

Both are weak: a film's own sound is told from another's by motion in 6 of 10 tries after three seconds, 7 of 10 after ten
(research/synchrony). So evidence is gathered long, and the confidence stays low where it should.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

RATE, ONSET_RATE = 25, 100  # Hz
WIDTH_SECONDS, TREND_SECONDS = 0.08, 2.0
LEAST_CHANGE = 0.003  # of full scale: noise of coding
MEMORY_SECONDS = 10.0
LAGS = (0, 1)  # of 40 ms: the sound is as late as that of lips

# Measured (research/synchrony): correlation of a film's motion with its own onsets, and how many values count a second.
OWN_CORRELATION, OWN_SPREAD, PER_SECOND = 0.05, 0.08, 20.0
AT_CUTS = 0.15  # seconds around a cut in which an onset counts as its own
LEAST_CUTS = 4


@dataclass(frozen=True)
class MotionCurve:
    """How much the picture changes from each picture to the next (mean difference of luma, 0…1), all [P]."""

    times_seconds: Vector
    change: Vector

    def activity(self, length: int) -> Vector:
        """Log of the change within 80 ms around each of `length` moments at 25 Hz; what is shown twice did not move."""
        at, total = np.arange(length) / RATE, np.cumsum(self.change)
        half = WIDTH_SECONDS / 2
        within = np.interp(at + half, self.times_seconds, total) - np.interp(at - half, self.times_seconds, total)
        return np.log(within + LEAST_CHANGE)


def motion_odds(motion: MotionCurve, onset: Vector, length: int) -> Vector:
    """How much likelier (log of the odds) it is that the sound belongs to the motion than not, [length] at 25 Hz.

    `onset` [N]: onset strength every 10 ms from time 0, of the effects or of all that is not speech.
    """
    seen, heard = _detrended(motion.activity(length)), _detrended(_peaks(onset, length))
    reach = min(length, int(4 * MEMORY_SECONDS * RATE))
    kernel = np.exp(-np.abs(np.arange(-reach, reach + 1)) / (MEMORY_SECONDS * RATE))

    def gathered(values: Vector, by: Vector) -> Vector:
        return np.convolve(values, by, mode="full")[len(by) // 2 :][: len(values)]

    both = np.mean([gathered(seen * _later(heard, lag), kernel) for lag in LAGS], axis=0)
    power = gathered(seen**2, kernel) * gathered(heard**2, kernel)
    r = both / np.sqrt(np.maximum(power, 1e-18))
    ones = np.ones(length)
    n = gathered(ones, kernel) ** 2 / gathered(ones, kernel**2) * PER_SECOND / RATE
    own, other = 1 / n + OWN_SPREAD**2, 1 / n
    odds = 0.5 * (np.log(other / own) + r**2 / other - (r - OWN_CORRELATION) ** 2 / own)
    return np.asarray(np.where(r > 0, odds, np.minimum(odds, 0)))


def cut_odds(cuts_seconds: Vector, onset: Vector) -> float:
    """How much likelier (log of the odds) it is that the cuts fall on the onsets [N] (every 10 ms) than not; 0 of few."""
    # The rank of what is heard at a cut among all that is heard is uniform where cuts know nothing: mean ½, variance 1/12.
    if len(cuts_seconds) < LEAST_CUTS or len(onset) < ONSET_RATE:
        return 0.0
    reach = int(AT_CUTS * ONSET_RATE)
    peaks = np.lib.stride_tricks.sliding_window_view(np.pad(onset, reach, mode="edge"), 2 * reach + 1).max(axis=1)
    ranks = peaks.argsort().argsort() / (len(peaks) - 1)
    at = np.clip(np.round(np.asarray(cuts_seconds) * ONSET_RATE).astype(int), 0, len(peaks) - 1)
    spread, own_mean, own_spread = 1 / np.sqrt(12 * len(at)), 0.70, 0.08
    mean = float(ranks[at].mean())
    own = spread**2 + own_spread**2
    odds = np.log(spread / np.sqrt(own)) + 0.5 * (
        (mean - 0.5) ** 2 / spread**2 - (min(mean, own_mean) - own_mean) ** 2 / own
    )
    return float(odds if mean > 0.5 else min(odds, 0.0))


def _peaks(onset: Vector, length: int) -> Vector:
    """The strongest within 50 ms around each of `length` moments at 25 Hz; silence where the sound has ended."""
    if len(onset) == 0:
        return np.zeros(length)
    at = np.arange(length)[:, None] * (ONSET_RATE // RATE) + np.arange(-2, 3)
    return np.where(at[:, 2] < len(onset), onset[np.clip(at, 0, len(onset) - 1)].max(axis=1), 0.0)


def _detrended(values: Vector) -> Vector:
    taps = int(TREND_SECONDS * RATE) | 1
    trend = np.convolve(np.pad(values, taps // 2, mode="edge"), np.ones(taps) / taps, mode="valid")
    return values - trend


def _later(values: Vector, lag: int) -> Vector:
    return values[np.clip(np.arange(len(values)) + lag, 0, len(values) - 1)]
