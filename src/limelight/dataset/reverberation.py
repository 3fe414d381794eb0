"""What cannot be undone by gains: reverberation around the whole mix, and noise behind it (SSE's DegradedMix).

A room is the direct sound and a diffuse tail that decays exponentially; no single reflections (Polack's statistical model of
late reverberation); the direct sound comes first and keeps its place in time. SSE (arXiv 2609.29169) adds both to Muddy Mix
without saying which; our noises are white, pink (−3 dB an octave), brown (−6 dB) and the hum of the mains with its
harmonics. The record holds seeds and levels, no sound: applied again it gives the same samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain
from limelight.audio.loudness import integrated_loudness
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.types import Samples


@dataclass(frozen=True)
class Room:
    """An impulse response of [n] samples whose first sample is the direct sound."""

    response: NDArray[np.float32]

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sound [N] in this room, cut to its own length."""
        size = 1 << int(len(samples) + len(self.response) - 1).bit_length()
        wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(self.response, size), size)
        return wet[: len(samples)].astype(np.float32)


def sample_room(rng: np.random.Generator) -> Room:
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


TILTS_DB = {"white": 0.0, "pink": -3.0, "brown": -6.0}  # per octave
HUM_HERTZ = (50.0, 60.0)
NOISES = (*TILTS_DB, "hum")
BELOW_MIX_LU = {6.0: (18.0, 26.0), 9.0: (12.0, 18.0), 12.0: (6.0, 12.0)}  # a step in dB → how far behind the noise lies


@dataclass(frozen=True)
class RoomAndNoise:
    """A room and a noise; either may be missing."""

    room_seed: int | None
    noise: str | None  # of NOISES
    noise_seed: int
    noise_below_mix_lu: float

    def __str__(self) -> str:
        room = "in a room" if self.room_seed is not None else ""
        noise = f"{self.noise} noise {self.noise_below_mix_lu:.0f} LU behind" if self.noise else ""
        return " and ".join(filter(None, (room, noise)))

    def __call__(self, mix: Samples, *, layout: str) -> Samples:
        """A mix [C, N] at 48 kHz in this room, with this noise."""
        around = mix
        if self.room_seed is not None:
            room = sample_room(np.random.default_rng(self.room_seed))
            around = np.stack([room(samples) for samples in mix])
        if self.noise is None:
            return around
        noise = self._noise(*mix.shape)
        apart = integrated_loudness(mix, SAMPLE_RATE, layout=layout) - integrated_loudness(
            noise, SAMPLE_RATE, layout=layout
        )
        # Behind silence the noise is silent too: its level is told against the mix.
        gain = db_to_gain(apart - self.noise_below_mix_lu).astype(np.float32) if np.isfinite(apart) else np.float32(0)
        return around + gain * noise

    def _noise(self, channels: int, length: int) -> NDArray[np.float32]:
        rng = np.random.default_rng(self.noise_seed)
        if self.noise == "hum":
            return np.tile(_hum(rng, length), (channels, 1))
        hertz = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 20.0)
        tilt = db_to_gain(TILTS_DB[str(self.noise)] * np.log2(hertz / 1000))
        return np.fft.irfft(np.fft.rfft(rng.standard_normal((channels, length))) * tilt, length).astype(np.float32)


def sample_room_and_noise(rng: np.random.Generator, step_db: float) -> RoomAndNoise:
    """A noise, a room, or both; the larger the step the nearer the noise."""
    seeds = rng.integers(0, 2**31, 2)
    which = int(rng.integers(0, 3))
    noise = str(rng.choice(NOISES)) if which != 0 else None
    low, high = BELOW_MIX_LU[step_db]
    return RoomAndNoise(int(seeds[0]) if which != 1 else None, noise, int(seeds[1]), round(rng.uniform(low, high), 2))


def _hum(rng: np.random.Generator, length: int) -> NDArray[np.float32]:
    time = np.arange(length) / SAMPLE_RATE
    base = float(rng.choice(HUM_HERTZ))
    waves = [np.sin(2 * np.pi * (n * base * time + rng.random())) / n**1.5 for n in range(1, 13)]
    return np.asarray(np.sum(waves, axis=0), np.float32)
