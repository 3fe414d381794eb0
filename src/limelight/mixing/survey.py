"""The first pass over a soundtrack: how long, how loud, how peaky, before anything is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.loudness import LoudnessMeter
from limelight.dsp.true_peak import TruePeakMeter
from limelight.mixing.headroom import PeakSteps
from limelight.mixing.hearing import downmix_weights
from limelight.signals import Samples


@dataclass(frozen=True)
class Survey:
    """What was measured; −inf is silence."""

    samples: int
    loudness_lufs: float
    range_lu: float
    true_peak_dbtp: float
    downmix_lufs: float  # of the mono downmix that the model hears
    peaks: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32), repr=False
    )  # of each 10 ms, [M]


def survey(blocks: Iterable[Samples], *, sample_rate: int, layout: str) -> Survey:
    """Measures blocks [C, n] in constant memory, but for a hundred peaks a second."""
    weights = downmix_weights(layout)
    whole, mono = LoudnessMeter(sample_rate, layout), LoudnessMeter(sample_rate, "mono")
    true_peaks, peaks = TruePeakMeter(len(weights)), PeakSteps(sample_rate)
    samples = 0
    for block in blocks:
        samples += block.shape[1]
        whole.push(block)
        mono.push((weights @ block)[None])
        true_peaks.push(block)
        peaks.push(block)
    loudness = whole.finish()
    return Survey(
        samples,
        loudness.integrated_lufs,
        loudness.range_lu,
        true_peaks.finish(),
        mono.finish().integrated_lufs,
        peaks.finish(),
    )
