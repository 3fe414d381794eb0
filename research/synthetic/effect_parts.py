"""What all made effects consist of: coloured noise, ringing modes, tones that glide, and grains strewn over time.

After the usual repertoire of procedural sound (Farnell, *Designing Sound*, 2010). All is mono at 48 kHz, float32, and of no
particular level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.sounds import SAMPLE_RATE

Sound = NDArray[np.float32]  # [n]
Curve = NDArray[np.float64]  # [n]
Rng = np.random.Generator


def count_of(seconds: float) -> int:
    """Samples in so many seconds, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def between(rng: Rng, low: float, high: float) -> float:
    """A number whose logarithm is uniform: right for frequencies, times and rates."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def noise(rng: Rng, n: int, *, slope_db: float = 0.0) -> Sound:
    """Noise [n] that falls (or rises) by so many dB an octave; RMS 1."""
    return shaped(rng.standard_normal(n), lambda hertz: np.asarray((np.maximum(hertz, 20) / 1000) ** (slope_db / 6.02)))


def band_noise(rng: Rng, n: int, centre: float, octaves: float) -> Sound:
    """Noise [n] round a frequency, a bell on the octave axis; RMS 1."""
    return shaped(rng.standard_normal(n), lambda hertz: bell(hertz, centre, octaves))


def bell(hertz: Curve, centre: float, octaves: float) -> Curve:
    """1 at the centre, −4 dB half of the width away from it."""
    return np.asarray(np.exp(-0.5 * (np.log2(np.maximum(hertz, 1) / centre) / (octaves / 2)) ** 2))


def shaped(samples: NDArray[np.floating], response: Callable[[Curve], Curve]) -> Sound:
    """A sound [n] through a filter given by its gains at frequencies in Hz; RMS 1."""
    n = len(samples)
    size = 1 << (n - 1).bit_length()  # of other lengths the transform may take a hundred times as long
    hertz = np.asarray(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), np.float64)
    return unit(np.fft.irfft(np.fft.rfft(samples, size) * response(hertz), size)[:n])


def unit(samples: NDArray[np.floating]) -> Sound:
    """The sound at RMS 1; silence stays."""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return np.asarray(samples / rms if rms > 0 else samples, np.float32)


def wander(rng: Rng, n: int, per_second: float) -> Curve:
    """A slow random curve [n] between −1 and 1, new about so often."""
    points = rng.uniform(-1, 1, max(2, int(n / SAMPLE_RATE * per_second) + 2))
    return np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)


def gain_curve(db: Curve) -> Sound:
    """Decibels to gains."""
    return np.asarray(10 ** (db / 20), np.float32)


def decay(n: int, seconds: float) -> Sound:
    """An envelope [n] that has fallen by 60 dB after so many seconds."""
    fallen: Sound = np.exp(-6.908 / (seconds * SAMPLE_RATE) * np.arange(n, dtype=np.float32)).astype(np.float32)
    return fallen


def swell(n: int, attack: float, release: float) -> Sound:
    """An envelope [n] from nothing to 1 and back; attack and release in shares of the whole."""
    time = np.linspace(0, 1, n)
    shape = np.minimum(time / max(attack, 1e-4), (1 - time) / max(release, 1e-4))
    return np.sin(np.pi / 2 * np.clip(shape, 0, 1)).astype(np.float32)


def tone(hertz: Curve | float, n: int) -> Sound:
    """A sine [n] that follows a frequency."""
    return np.sin(phase_of(hertz, n)).astype(np.float32)


def phase_of(hertz: Curve | float, n: int) -> Curve:
    """Of an oscillator at this frequency, radians [n]."""
    return np.asarray(2 * np.pi * np.cumsum(np.broadcast_to(hertz, n)) / SAMPLE_RATE)


def harmonics(hertz: Curve, amplitudes: NDArray[np.floating]) -> Sound:
    """Overtones of a gliding frequency [n] with these amplitudes, none above half of the sample rate."""
    phase = phase_of(hertz, len(hertz))
    top = float(hertz.max())
    out = np.zeros(len(hertz))
    for k, amplitude in enumerate(amplitudes, start=1):
        if k * top > SAMPLE_RATE / 2.2:
            break
        out += amplitude * np.sin(k * phase)
    return out.astype(np.float32)


def modes(n: int, hertz: Curve, seconds: Curve, amplitudes: Curve) -> Sound:
    """What a struck thing rings with, [n]: sines that die away, each in its own time."""
    time = np.arange(n) / SAMPLE_RATE
    out = np.zeros(n)
    for f, t60, a in zip(hertz, seconds, amplitudes, strict=True):
        last = min(n, count_of(1.2 * t60))
        if f < SAMPLE_RATE / 2.2:
            out[:last] += a * np.sin(2 * np.pi * f * time[:last]) * np.exp(-6.908 * time[:last] / t60)
    return out.astype(np.float32)


def at_random(rng: Rng, seconds: float, per_second: float) -> Curve:
    """Moments of a Poisson process, seconds, in order."""
    return np.sort(rng.uniform(0, seconds, rng.poisson(seconds * per_second)))


def lay(out: Sound, grain: Sound, seconds: float, gain: float = 1.0) -> None:
    """Adds a grain to a sound, in place, from a moment on; what sticks out is cut."""
    first = max(0, round(seconds * SAMPLE_RATE))
    last = min(len(out), first + len(grain))
    if last > first:
        out[first:last] += np.float32(gain) * grain[: last - first]
