"""A room, drawn: the direct sound and a diffuse tail that decays exponentially; no single reflections.

Polack's statistical model of late reverberation; the direct sound comes first and keeps its place in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class Room:
    """An impulse response of [n] samples whose first sample is the direct sound."""

    response: NDArray[np.float32]

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sound [N] in this room, cut to its own length."""
        size = 1 << int(len(samples) + len(self.response) - 1).bit_length()
        wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(self.response, size), size)
        return wet[: len(samples)].astype(np.float32)


def draw_room(rng: np.random.Generator) -> Room:
    """Reverberation time 0.15 to 0.9 s, direct-to-reverberant ratio −3 to +15 dB."""
    decay_seconds = float(rng.uniform(0.15, 0.9))
    n = round(decay_seconds * SAMPLE_RATE)
    time = np.arange(n) / SAMPLE_RATE
    tail = rng.standard_normal(n) * np.exp(-6.9 * time / decay_seconds)
    tail = np.convolve(tail, [0.25, 0.5, 0.25], mode="same")  # air and walls swallow the top first
    tail[: round(rng.uniform(0.005, 0.03) * SAMPLE_RATE)] *= 0.1
    ratio = 10 ** (-float(rng.uniform(-3, 15)) / 20)
    response = tail * (ratio / np.sqrt(np.sum(tail**2)))
    response[0] = 1.0
    return Room(response.astype(np.float32))
