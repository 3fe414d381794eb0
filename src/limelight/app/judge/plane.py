"""Where methods' 48 kHz and any channels become what metrics compare: the mean of the channels at 44,100 Hz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.resample import resample
from limelight.evaluation.metrics import SAMPLE_RATE as METRICS_RATE
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.signals import Samples


def mono(samples: Samples) -> NDArray[np.float32]:
    """A soundtrack [C, N] at 48 kHz as metrics hear it, [M]."""
    return np.asarray(monos(samples[None])[0])


def monos(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same for several, [K, C, N] to [K, M]."""
    return resample(np.asarray(sounds.mean(axis=1), np.float32), SAMPLE_RATE, METRICS_RATE)
