"""What happens to a sound on its way into a film: voices whispered, shouted, on the telephone; rooms, equalisers, low-passes,
air for speech that ends at 8 kHz; and noises that need no recording: wind, hum, hiss, rumble.

Everything is a function of a generator and a sound [2, N] (or mono [N]) at 48 kHz. Convolutions are circular: a room's tail
of what was said before already sounds at the beginning.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import fft, signal
from sounds import SAMPLE_RATE, Sound

Mono = NDArray[np.float32]
Curve = NDArray[np.float32]


@lru_cache(maxsize=4)
def hertz(samples: int) -> Curve:
    return fft.rfftfreq(samples, 1 / SAMPLE_RATE).astype(np.float32)


def filtered(x: NDArray[np.float32], response: NDArray[np.generic] | float) -> NDArray[np.float32]:
    """[…, N] by a response of N // 2 + 1 bins, circular."""
    if isinstance(response, float):
        return x
    return fft.irfft(fft.rfft(x) * response, x.shape[-1]).astype(np.float32)


def equaliser(rng: np.random.Generator, freq: Curve, spread_db: float = 4.0) -> Curve:
    """A smooth curve through random gains, equally spaced in octaves."""
    place = np.log2(freq / 60 + 1) / np.log2(400)
    return (10 ** (np.interp(place, np.linspace(0, 1, 9), rng.normal(0, spread_db, 9)) / 20)).astype(np.float32)


def tilt(freq: Curve, db_per_octave: float) -> Curve:
    return (10 ** (db_per_octave * np.log2(np.clip(freq, 50, 20_000) / 1000) / 20)).astype(np.float32)


def low_pass(rng: np.random.Generator, freq: Curve, lowest: float = 3_000, highest: float = 18_000) -> Curve:
    """A steep end of the band somewhere between a telephone's and a codec's."""
    cut = lowest * (highest / lowest) ** rng.random()
    return (1 / (1 + np.exp(np.clip((freq - cut) / 150, -60, 60)))).astype(np.float32)


def band_pass(freq: Curve, low: float, high: float, softness: float = 60.0) -> Curve:
    rise = 1 / (1 + np.exp(np.clip((low - freq) / softness, -60, 60)))
    return (rise / (1 + np.exp(np.clip((freq - high) / (4 * softness), -60, 60)))).astype(np.float32)


def room(rng: np.random.Generator, samples: int, *, far: bool) -> NDArray[np.complex64]:
    """Transfer functions [2, F] of a drawn room: direct sound, some early echoes, a diffuse tail other in each channel.

    Polack's statistical tail; the top decays faster than the bottom. Near: direct over reverberant +3 … +18 dB; far: −9 … +3.
    """
    decay_seconds = float(np.exp(rng.uniform(np.log(0.15), np.log(2.5 if far else 1.2))))
    n = min(samples, round(decay_seconds * SAMPLE_RATE))
    time = np.arange(n) / SAMPLE_RATE
    tail = rng.standard_normal((2, n)).astype(np.float32) * np.exp(-6.9 * time / decay_seconds)
    dark = signal.lfilter([0.35], [1, -0.65], rng.standard_normal((2, n))) * np.exp(-4.5 * time / decay_seconds)
    tail = tail * 0.5 + dark
    first = round(rng.uniform(0.003, 0.03) * SAMPLE_RATE)
    tail[:, :first] = 0
    for place in rng.integers(round(0.002 * SAMPLE_RATE), round(0.05 * SAMPLE_RATE), 6):
        if place < n:
            tail[:, place] += rng.normal(0, 4, 2) * np.exp(-place / first)
    ratio_db = float(rng.uniform(-9, 3) if far else rng.uniform(3, 18))
    response = np.zeros((2, samples), np.float32)
    response[:, :n] = tail * (10 ** (-ratio_db / 20) / np.sqrt(np.square(tail).sum(1).mean()))
    response[:, 0] += 1.0
    return fft.rfft(response).astype(np.complex64)


def with_air(rng: np.random.Generator, x: NDArray[np.float32], end_hertz: float) -> NDArray[np.float32]:
    """Speech [..., N] that ends at `end_hertz` given a top: its last octave's upper half shifted up step by step, falling."""
    length = x.shape[-1]
    n = fft.next_fast_len(length, real=True)
    spectrum = fft.rfft(x, n)
    step = round(end_hertz / 2 * n / SAMPLE_RATE)
    low = round(end_hertz * 0.47 * n / SAMPLE_RATE)
    source = spectrum[..., low : low + step].copy()
    fall = 10 ** (-rng.uniform(2, 11) * (end_hertz / 8000) / 20)
    for k in range(1, 6):
        first = low + k * step
        room_left = max(0, spectrum.shape[-1] - first)
        take = min(step, room_left)
        if take:
            spectrum[..., first : first + take] += source[..., :take] * fall**k
    return fft.irfft(spectrum, n)[..., :length].astype(np.float32)


def whispered(rng: np.random.Generator, x: Mono) -> Mono:
    """Noise through the spectral envelope of a voice [N] (cepstrally smoothed, 25 ms), less bottom: no voicing is left."""
    size, hop, kept = 1024, 256, 36
    padded = np.pad(x, (size, size + (-len(x)) % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * np.hanning(size).astype(np.float32)
    log_magnitude = np.log(np.abs(fft.rfft(frames)) + 1e-5)
    cepstrum = fft.irfft(log_magnitude)
    cepstrum[:, kept:-kept] = 0
    envelope = np.exp(fft.rfft(cepstrum).real)
    freq = hertz(size)
    envelope *= tilt(freq, 2.5) * band_pass(freq, float(rng.uniform(150, 400)), 16_000)
    noise = fft.rfft(rng.standard_normal(frames.shape).astype(np.float32))
    pieces = fft.irfft(noise * envelope) * np.hanning(size)
    out = np.zeros(len(padded), np.float32)
    for k, piece in enumerate(pieces.astype(np.float32)):
        out[k * hop : k * hop + size] += piece
    return out[size : size + len(x)]


def shouted(rng: np.random.Generator, x: Mono) -> Mono:
    """Higher, brighter and driven: pitch and formants up, 1–4 kHz out by 6 to 12 dB, soft clipping."""
    x = _fast(at_speed(x, float(rng.uniform(1.08, 1.3))))
    freq = hertz(len(x))
    lift = 10 ** (float(rng.uniform(6, 12)) * np.exp(-0.5 * np.square(np.log2(np.maximum(freq, 20) / 2200))) / 20)
    x = filtered(x, lift * band_pass(freq, 120, 20_000))
    drive = float(rng.uniform(1.5, 6))
    return np.tanh(drive * x / (np.abs(x).max() + 1e-6)).astype(np.float32)


def telephoned(rng: np.random.Generator, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Telephone, radio or loudspeaker: a narrow band and some distortion."""
    x = _fast(x)
    freq = hertz(x.shape[-1])
    x = filtered(x, band_pass(freq, float(rng.uniform(200, 500)), float(rng.uniform(2800, 4500))))
    drive = float(rng.uniform(0.5, 5))
    return np.tanh(drive * x / (np.abs(x).max() + 1e-6)).astype(np.float32)


def _fast(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut by less than 2 % to a length whose transform is quick."""
    return x[..., : fft.prev_fast_len(x.shape[-1], real=True)]


def at_speed(x: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Pitch and tempo together, […, N] to about […, N / speed]."""
    if abs(speed - 1) < 0.005 or x.shape[-1] < 64:
        return x
    return np.ascontiguousarray(soxr.resample(x.T, SAMPLE_RATE * speed, SAMPLE_RATE, quality="MQ").T, np.float32)


def slow_curve(rng: np.random.Generator, samples: int, seconds: float) -> Curve:
    """A random walk without a trend, about −1 … 1, that changes within so many seconds."""
    points = rng.normal(0, 0.6, max(4, round(samples / SAMPLE_RATE / seconds) + 3))
    return np.interp(np.linspace(0, len(points) - 1, samples), np.arange(len(points)), points).astype(np.float32)


def noise(rng: np.random.Generator, samples: int) -> Sound:
    """[2, N] of one of: wind, mains hum, hiss, rumble, traffic, handling of a microphone, crackle. No recording needed."""
    freq = hertz(samples)
    kind = str(rng.choice(["wind", "hum", "hiss", "rumble", "traffic", "handling", "crackle"]))
    white = rng.standard_normal((2, samples)).astype(np.float32)
    white[1] = white[0] if rng.random() < 0.4 else white[1]
    if kind == "hum":
        mains = float(rng.choice([50, 60]))
        time = np.arange(samples, dtype=np.float32) / SAMPLE_RATE
        tone = sum(rng.random() / k * np.sin(2 * np.pi * mains * k * time + rng.uniform(0, 6)) for k in range(1, 20))
        return (np.repeat(tone[None], 2, 0) + 0.02 * white).astype(np.float32)
    if kind == "handling":
        out = np.zeros((2, samples), np.float32)
        for place in rng.integers(0, samples, rng.integers(2, 12)):
            length = int(rng.integers(800, 14_000))
            end = min(samples, place + length)
            out[:, place:end] += (
                white[:, : end - place] * np.exp(-np.arange(end - place) / (length / 6)) * rng.uniform(0.2, 1)
            )
        return filtered(out, band_pass(freq, 20, float(rng.uniform(200, 3000))))
    if kind == "crackle":
        clicks = white * (rng.random(samples) < 10 ** rng.uniform(-4.3, -3))
        return filtered(clicks, equaliser(rng, freq, 8))
    if kind == "wind":
        shape = tilt(freq, -float(rng.uniform(5, 9))) * band_pass(freq, 15, 6000)
        return filtered(white, shape) * 10 ** (8 * slow_curve(rng, samples, float(rng.uniform(0.1, 0.8))) / 20)
    if kind == "rumble":
        shape = tilt(freq, -float(rng.uniform(6, 10))) * band_pass(freq, 20, 800)
        return filtered(white, shape) * 10 ** (4 * slow_curve(rng, samples, 1.0) / 20)
    if kind == "traffic":
        shape = tilt(freq, -float(rng.uniform(3, 6))) * equaliser(rng, freq, 5) * band_pass(freq, 30, 9000)
        return filtered(white, shape) * 10 ** (8 * slow_curve(rng, samples, float(rng.uniform(1.5, 4))) / 20)
    return filtered(white, tilt(freq, float(rng.uniform(-4, 1))) * equaliser(rng, freq, 3))
