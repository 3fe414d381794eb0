"""The sound of a test's film, as it was before any codec, and how it is found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from films import Film


def noise(seconds: float, sample_rate: int, channels: int, *, seed: int = 1, amplitude: float = 0.25) -> np.ndarray:
    """Seeded noise without its top octave (encoders keep it), peak `amplitude`. [C, N] float32."""
    count = round(seconds * sample_rate)
    raw = np.random.default_rng(seed).standard_normal((channels, count + 16))
    kernel = np.hanning(9) / np.hanning(9).sum()
    soft = np.stack([np.convolve(row, kernel, "same")[:count] for row in raw])
    return (amplitude * soft / max(1e-9, np.abs(soft).max(initial=0))).astype(np.float32)


def sound_of(film: Film, track: int = 0) -> np.ndarray:
    """The true sound of a soundtrack of a film, before its codec. [C, N] float32."""
    channels = av.AudioLayout(film.layout).nb_channels
    sound = noise(film.seconds, film.sample_rate, channels, seed=film.seed + track, amplitude=film.amplitude)
    if film.waveform == "silence":
        sound *= 0
    if film.waveform == "square":
        time = np.arange(sound.shape[1]) / film.sample_rate
        sound[:] = film.amplitude * np.sign(np.sin(2 * np.pi * 440 * time))
    if film.waveform == "not numbers":
        sound[:, 4000:4010], sound[0, 8000] = np.nan, np.inf
    if film.flashes:
        sound *= 0.01
    for flash in film.flashes:
        at = round(flash * film.sample_rate)
        sound[:, at : at + 8] = 0.9
    return sound


def lag_and_likeness(one: np.ndarray, other: np.ndarray) -> tuple[list[int], float]:
    """By how many samples each channel of `other` is late against `one`, and the smallest normalised correlation."""
    count = min(one.shape[1], other.shape[1])
    size = 1 << (2 * count).bit_length()
    lags, likeness = [], 1.0
    for a, b in zip(one[:, :count].astype(float), other[:, :count].astype(float), strict=True):
        product = np.fft.irfft(np.fft.rfft(a, size).conj() * np.fft.rfft(b, size), size)
        best = int(np.argmax(product))
        lags.append(best if best < size // 2 else best - size)
        likeness = min(likeness, float(product[best] / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)))
    return lags, likeness
