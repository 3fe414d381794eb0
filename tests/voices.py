"""Sounds for the ears, made by code: something like a voice, and what may stand beside it. Mono, 48 kHz, float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
_VOWELS_HZ = ((700, 1200, 2600), (300, 2200, 3000), (450, 800, 2500), (500, 1700, 2500))


def voice(seconds: float, *, seed: int = 0) -> NDArray[np.float32]:
    """Syllables of a gliding buzz behind formants, about −20 dB RMS; networks take it for speech."""
    rng = np.random.default_rng(seed)
    length = int(seconds * RATE)
    syllables = [_syllable(rng) for _ in range(int(seconds / 0.15) + 1)]
    sound = np.concatenate(syllables)[:length]
    return (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)


def _syllable(rng: np.random.Generator) -> NDArray[np.float64]:
    """A vowel of 0.15 to 0.3 s that swells and fades, its pitch falling; every fourth is a pause."""
    length = int(rng.uniform(0.15, 0.3) * RATE)
    if rng.random() < 0.25:
        return np.zeros(length)
    pitch = rng.uniform(110, 160) * np.linspace(1.1, 0.9, length)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    harmonics = np.arange(1, 30)[:, None]
    hertz = harmonics * pitch.mean()
    formants = rng.permutation(_VOWELS_HZ)[0]
    weights = sum(1 / (1 + ((hertz - formant) / 120) ** 2) / (1 + k) for k, formant in enumerate(formants))
    return np.hanning(length) * (weights * np.sin(harmonics * phase)).sum(0)


def noise(seconds: float, *, seed: int = 0) -> NDArray[np.float32]:
    """White, −20 dB RMS."""
    return (0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))).astype(np.float32)


def chords(seconds: float) -> NDArray[np.float32]:
    """Three triads with their overtones, one a third of the time, about −20 dB RMS."""
    time = np.arange(int(seconds * RATE)) / RATE
    roots = np.choose(np.minimum(3 * time / seconds, 2).astype(int), (220.0, 174.6, 196.0))
    sound = sum(np.sin(2 * np.pi * roots * part * time) / part for part in (1, 1.25, 1.5, 2, 2.5, 3, 4))
    return (0.1 * sound / np.sqrt(np.mean(sound**2))).astype(np.float32)
