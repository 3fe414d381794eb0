"""A library of sounds in memory: three kinds of noise that no loudness meter and no ear would confuse."""

from __future__ import annotations

import numpy as np

from limelight.dataset.sounds import SAMPLE_RATE, Sound, SoundLibrary, StemSounds
from limelight.types import STEMS


def shelf(stem: str, *, sounds: int = 4, seconds: float = 1.2, seed: int = 0) -> StemSounds:
    """Low-passed noise for speech, a chord for music, clicks for effects; two sounds to a group."""
    rng = np.random.default_rng([seed, STEMS.index(stem)])
    length = round(seconds * SAMPLE_RATE)
    parts = [_sound(rng, stem, length) for _ in range(sounds)]
    listed = [Sound(f"{stem}{n}.wav", f"{stem}-{n // 2}", n * length, length) for n in range(sounds)]
    samples = np.concatenate(parts)
    return StemSounds((samples / (np.abs(samples).max() + 1e-9) * 20_000).astype(np.int16), tuple(listed))


def library(**shelves: StemSounds) -> SoundLibrary:
    """The three shelves, some of them given."""
    return SoundLibrary({stem: (shelves.get(stem) or shelf(stem),) for stem in STEMS})


def silent_shelf(seconds: float = 1.0) -> StemSounds:
    length = round(seconds * SAMPLE_RATE)
    return StemSounds(np.zeros(length, np.int16), (Sound("nothing.wav", "nothing", 0, length),))


def _sound(rng: np.random.Generator, stem: str, length: int) -> np.ndarray:
    if stem == "speech":
        return np.convolve(rng.standard_normal(length), np.ones(24) / 24, mode="same")
    if stem == "music":
        time = np.arange(length) / SAMPLE_RATE
        return sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(150, 900, 3))
    clicks = np.where(np.arange(length) % 1000 == 0, rng.standard_normal(length), 0)
    return np.convolve(clicks, np.exp(-np.arange(400) / 80))[:length]
