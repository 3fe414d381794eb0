"""The first pass over a soundtrack: how long, how loud, how peaky, before anything is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from limelight.dsp.loudness import LoudnessMeter
from limelight.dsp.true_peak import TruePeakMeter
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


def survey(blocks: Iterable[Samples], *, sample_rate: int, layout: str) -> Survey:
    """Measures blocks [C, n] in constant memory."""
    weights = downmix_weights(layout)
    whole, mono = LoudnessMeter(sample_rate, layout), LoudnessMeter(sample_rate, "mono")
    peaks = TruePeakMeter(len(weights))
    samples = 0
    for block in blocks:
        samples += block.shape[1]
        whole.push(block)
        mono.push((weights @ block)[None])
        peaks.push(block)
    loudness = whole.finish()
    return Survey(samples, loudness.integrated_lufs, loudness.range_lu, peaks.finish(), mono.finish().integrated_lufs)
