"""Stems of known loudness for tests: noise for the effects, a chord for the music, bursts for the speech."""

from __future__ import annotations

import numpy as np

from limelight.dataset.levels import StemLevels
from limelight.dataset.sounds import SAMPLE_RATE


def make_stems(
    seconds: float = 4.0, *, db: tuple[float, float, float] = (-20, -26, -30), channels: int = 1, seed: int = 0
) -> np.ndarray:
    """[K, C, N]; each at its level in dBFS RMS, −inf for silence. Speech talks in the second and fourth quarter."""
    rng = np.random.default_rng(seed)
    n = round(seconds * SAMPLE_RATE)
    time = np.arange(n) / SAMPLE_RATE
    talking = (np.arange(n) * 4 // max(n, 1)) % 2
    speech = rng.standard_normal((channels, n)) * talking * np.sqrt(2)
    music = np.sqrt(2) * np.sin(2 * np.pi * np.array([[440], [550]])[:channels] * (1 + seed / 1000) * time)
    effects = rng.standard_normal((channels, n)) * (0.3 + (time % 1.0 < 0.1) * 2)
    gains = 10 ** (np.array(db) / 20)
    return np.stack([speech * gains[0], music * gains[1], effects * gains[2]]).astype(np.float32)


def levels_of(stems: np.ndarray) -> StemLevels:
    return StemLevels.of(stems, layout="mono" if stems.shape[1] == 1 else "stereo")
