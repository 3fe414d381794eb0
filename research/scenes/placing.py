"""Where the stems of a scene sit between two loudspeakers: speech in the middle, music wide, effects somewhere.

    speech     L = R = x                                       dialogue belongs to the middle
    music      L = x + w · d, R = x − w · d                    d: x through 25 ms of sparse noise; L + R is 2 x again
    effects    L = cos φ(t) · x, R = sin φ(t) · x              from one place to another in the course of the clip

Sums to mono lose nothing of the mono original, so that both forms of a data set hold the same balance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.degrade import Stems
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.types import Samples

WIDTH = (0.2, 0.7)
SPARSE_SECONDS, SPARSE_PULSES = 0.025, 24
FARTHEST = 0.7  # of the way from the middle to a side

Mono = NDArray[np.float32]  # [N]


def placed(rng: np.random.Generator, stems: NDArray[np.float32], *, layout: str) -> Stems:
    """Mono stems [K, N] in a layout, [K, C, N]; drawn alike for mono, which stays as it is."""
    width, start, end = rng.uniform(*WIDTH), rng.uniform(-FARTHEST, FARTHEST), rng.uniform(-FARTHEST, FARTHEST)
    pulses = _pulses(rng)
    if layout == "mono":
        return stems[:, None]
    speech, music, effects = stems
    return np.stack([np.stack([speech, speech]), _wide(music, pulses, width), _between(effects, start, end)])


def _wide(music: Mono, pulses: Mono, width: float) -> Samples:
    size = len(music) + len(pulses) - 1
    apart = np.fft.irfft(np.fft.rfft(music, size) * np.fft.rfft(pulses, size), size)[: len(music)]
    return np.stack([music + width * apart, music - width * apart]).astype(np.float32)


def _between(effects: Mono, start: float, end: float) -> Samples:
    angle = np.pi / 4 * (1 + np.linspace(start, end, len(effects), dtype=np.float32))
    return np.stack([np.cos(angle) * effects, np.sin(angle) * effects]).astype(np.float32)


def _pulses(rng: np.random.Generator) -> Mono:
    """Velvet noise of unit energy: its spectrum is flat on average, its phase is anybody's."""
    out = np.zeros(round(SPARSE_SECONDS * SAMPLE_RATE), np.float32)
    places = rng.choice(len(out), SPARSE_PULSES, replace=False)
    out[places] = rng.choice([-1.0, 1.0], SPARSE_PULSES) / np.sqrt(SPARSE_PULSES)
    return out
