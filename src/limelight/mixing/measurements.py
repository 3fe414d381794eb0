"""What the limiter will take off a mix before there is one, so that a plan can foretell its loudness.

From the peaks of the original, a hundred a second, and how much higher the gains make each. Ours: the limiter's own rule
(`dsp.limiter`) on steps of 10 ms instead of half a millisecond.

    peak        p_i = peak of step i · how much higher it becomes
    reduction   r_i = max(0, p_i − ceiling) in dB, held for a step on either side, then released
    passed      Σ p_i² · 10^(−r_i / 10) / Σ p_i²   over the steps of a token: the share of its power that is left

The first pass over a soundtrack: how long, how loud, how peaky, before anything is decided.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import gain_to_db
from limelight.audio.limiter import LimiterConfig, decaying_maximum
from limelight.audio.loudness import LoudnessMeter
from limelight.audio.true_peak import TruePeakMeter
from limelight.mixing.separation import downmix_weights
from limelight.types import Samples, Vector

STEP_SECONDS = 0.01
SILENT = 1e-10
SIDES_LU = 3.01  # two equal channels over one


class PeakSteps:
    """Highest sample of each 10 ms over all channels, of a signal that comes in blocks."""

    def __init__(self, sample_rate: int) -> None:
        self._step = max(1, round(sample_rate * STEP_SECONDS))
        self._rest = np.zeros(0, np.float32)
        self._peaks = array("f")

    def push(self, block: Samples) -> None:
        """Take [C, n]."""
        highest = np.maximum(block.max(axis=0), -block.min(axis=0))
        highest = np.concatenate([self._rest, highest])
        whole = len(highest) // self._step * self._step
        self._peaks.frombytes(highest[:whole].reshape(-1, self._step).max(axis=1).astype(np.float32).tobytes())
        self._rest = highest[whole:].copy()

    def finish(self) -> NDArray[np.float32]:
        """All peaks, [M]."""
        return np.append(np.array(self._peaks), self._rest.max(initial=0))


def passed_power(peaks: Vector, tokens: NDArray[np.intp], count: int, *, ceiling_dbtp: float) -> Vector:
    """Share of the power that the limiter lets through in each of `count` tokens, [L], 0…1.

    peaks [M] are those of the mix before the limiter, tokens [M] tells to which token each belongs.
    """
    config = LimiterConfig(ceiling_dbtp=ceiling_dbtp)
    needed = np.maximum(gain_to_db(np.maximum(peaks, SILENT)) - ceiling_dbtp, 0.0)
    held = np.maximum(needed, np.maximum(np.append(needed[1:], 0.0), np.append(0.0, needed[:-1])))
    reduction = decaying_maximum(held, float(np.exp(-STEP_SECONDS / config.release_seconds)), 0.0)
    power = np.square(peaks) + SILENT**2
    kept = np.bincount(tokens, power * 10 ** (-reduction / 10), count)
    whole = np.bincount(tokens, power, count)
    return np.where(whole > 0, kept / np.maximum(whole, SILENT**2), 1.0)


@dataclass(frozen=True)
class Measurements:
    """What was measured; −inf is silence."""

    samples: int
    loudness_lufs: float
    range_lu: float
    true_peak_dbtp: float
    downmix_lufs: float  # of the mono downmix that a separator hears
    inverted: bool = False  # whether the two sides are each other's negative, so that their sum is silence
    peaks: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32), repr=False
    )  # of each 10 ms, [M]


OPPOSITE = -0.9  # correlation of the sides from which on their difference is heard


def measure_audio(blocks: Iterable[Samples], *, sample_rate: int, layout: str) -> Measurements:
    """Measures blocks [C, n] in constant memory, but for a hundred peaks a second."""
    weights = downmix_weights(layout)
    whole, mono = LoudnessMeter(sample_rate, layout), LoudnessMeter(sample_rate, "mono")
    true_peaks, peaks = TruePeakMeter(len(weights)), PeakSteps(sample_rate)
    samples, sides = 0, np.zeros((2, 2))
    for block in blocks:
        samples += block.shape[1]
        whole.push(block)
        mono.push((weights @ block)[None])
        true_peaks.push(block)
        peaks.push(block)
        if layout == "stereo":
            sides += block @ block.T
    loudness = whole.finish()
    inverted = bool(sides[0, 1] < OPPOSITE * np.sqrt(sides[0, 0] * sides[1, 1])) and sides[0, 1] < 0
    downmix_lufs = mono.finish().integrated_lufs
    return Measurements(
        samples,
        loudness.integrated_lufs,
        loudness.range_lu,
        true_peaks.finish(),
        loudness.integrated_lufs - SIDES_LU if inverted else downmix_lufs,  # their half difference is one side
        inverted,
        peaks.finish(),
    )
