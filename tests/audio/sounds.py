"""Sounds with known properties, made by code."""

from __future__ import annotations

import numpy as np


def sine(frequency_hz: float, seconds: float, sample_rate: int, *, db: float = 0.0, degrees: float = 0.0) -> np.ndarray:
    """One channel [N] of a sine whose amplitude is `db` under full scale."""
    radians = 2 * np.pi * frequency_hz * np.arange(round(seconds * sample_rate)) / sample_rate
    return (10 ** (db / 20) * np.sin(radians + np.deg2rad(degrees))).astype(np.float32)


def noise(channels: int, length: int, *, seed: int = 0, rms: float = 0.1) -> np.ndarray:
    """White Gaussian noise [C, N]."""
    return (rms * np.random.default_rng(seed).standard_normal((channels, length))).astype(np.float32)


def programme(channels: int, seconds: float, sample_rate: int, *, seed: int = 0) -> np.ndarray:
    """Something like a film [C, N]: pauses, swelling low-passed noise, a tune, and clicks; peaks under full scale."""
    rng = np.random.default_rng(seed)
    length = round(seconds * sample_rate)
    times = np.arange(length) / sample_rate
    knots = np.arange(0, seconds + 0.15, 0.15)
    syllables = np.interp(times, knots, rng.uniform(0, 1, knots.size) ** 3)
    pauses = np.interp(times, knots[::13], rng.choice([0.003, 0.3, 1.0], knots[::13].size))
    hiss = rng.standard_normal((channels, length + 7))
    voice = np.lib.stride_tricks.sliding_window_view(hiss, 8, axis=1).mean(axis=2) * syllables * pauses
    notes = 110 * 2 ** (rng.integers(0, 24, int(seconds * 4) + 1) / 12)
    tune = 0.1 * np.sin(2 * np.pi * np.cumsum(notes[(times * 4).astype(int)]) / sample_rate)
    clicks = np.where(rng.uniform(size=length) < 1.5 / sample_rate, 0.9, 0.0)
    mix = voice + tune + np.convolve(clicks, np.exp(-np.arange(64) / 8))[:length]
    return (0.95 * mix / np.abs(mix).max()).astype(np.float32)


def cut(samples: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    """A signal [C, N] as blocks of the given sizes over and over; the last is what is left."""
    blocks, start = [], 0
    while start < samples.shape[1]:
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(samples[:, start : start + size])
        start += size
    return blocks
