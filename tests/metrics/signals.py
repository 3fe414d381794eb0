"""Signals whose metrics can be worked out, and stems that share no moment or no band."""

from __future__ import annotations

import numpy as np

from limelight.metrics.papers import SAMPLE_RATE


def noise(seed: int, length: int = 30_000, rms: float = 0.1) -> np.ndarray:
    return rms * np.random.default_rng(seed).standard_normal(length)


def noises(seconds: float = 2.0, *, rms: tuple[float, ...] = (0.1, 0.05, 0.08), seed: int = 3) -> np.ndarray:
    """Independent stems [K, N]."""
    length = round(seconds * SAMPLE_RATE)
    return np.stack([noise(seed + k, length, level) for k, level in enumerate(rms)])
