"""What goes on and on: weather, water, fire, crowds."""

from __future__ import annotations

import numpy as np

from research.synthetic.effects.parts import (
    Rng,
    Sound,
    at_random,
    band_noise,
    bell,
    between,
    count_of,
    decay,
    gain_curve,
    lay,
    modes,
    noise,
    phase_of,
    shaped,
    swell,
    unit,
    wander,
)


def wind(rng: Rng, seconds: float) -> Sound:
    """Noise in bands whose loudness wanders, a whistle among them."""
    n = count_of(seconds)
    out = noise(rng, n, slope_db=rng.uniform(-9, -4)) * gain_curve(6 * wander(rng, n, 0.8))
    for _ in range(int(rng.integers(1, 4))):
        howl = band_noise(rng, n, between(rng, 200, 2500), between(rng, 0.08, 0.6))
        out = out + rng.uniform(0.1, 1) * howl * gain_curve(12 * wander(rng, n, 1.2))
    return np.asarray(out, np.float32)


def rain(rng: Rng, seconds: float) -> Sound:
    """Drops on something, before the hiss of all the others."""
    n = count_of(seconds)
    out = noise(rng, n, slope_db=rng.uniform(-3, 2)) * np.float32(between(rng, 0.03, 0.6))
    centre = between(rng, 1200, 9000)
    drops = [
        band_noise(rng, 700, centre * between(rng, 0.5, 2), 0.7) * decay(700, between(rng, 0.003, 0.014))
        for _ in range(12)
    ]
    for moment in at_random(rng, seconds, between(rng, 15, 400)):
        lay(out, drops[int(rng.integers(12))], moment, float(rng.exponential(1)))
    return out


def water(rng: Rng, seconds: float) -> Sound:
    """A stream, a pot or a splash: bubbles, which are short rising tones (van den Doel 2005), over some wash."""
    n = count_of(seconds)
    wash = band_noise(rng, n, between(rng, 400, 3000), rng.uniform(1.5, 4)) * gain_curve(3 * wander(rng, n, 3))
    out = np.asarray(wash * np.float32(rng.uniform(0, 0.6)), np.float32)
    low, rise = between(rng, 250, 900), rng.uniform(0.05, 0.6)
    for moment in at_random(rng, seconds, between(rng, 6, 120)):
        hertz = between(rng, low, 6 * low)
        size = count_of(between(rng, 0.02, 0.12))
        time = np.linspace(0, 1, size)
        bubble = np.sin(phase_of(hertz * (1 + rise * time), size)) * np.exp(-5 * time) * np.minimum(1, 20 * time)
        lay(out, bubble.astype(np.float32), moment, float(rng.exponential(0.6) * (low / hertz) ** 0.3))
    return out


def sea(rng: Rng, seconds: float) -> Sound:
    """Waves: noise that swells slowly and grows brighter as it does."""
    n = count_of(seconds)
    height = np.sin(phase_of(between(rng, 0.08, 0.35), n) + rng.uniform(0, 6.28)) + 0.5 * wander(rng, n, 1)
    bright = noise(rng, n, slope_db=rng.uniform(-3, 1)) * gain_curve(9 * height - 8)
    return np.asarray(noise(rng, n, slope_db=rng.uniform(-8, -4)) * gain_curve(4 * height) + bright, np.float32)


def fire(rng: Rng, seconds: float) -> Sound:
    """Crackles over a flutter and a hiss."""
    n = count_of(seconds)
    out = noise(rng, n, slope_db=-9) * gain_curve(5 * wander(rng, n, 9)) * np.float32(rng.uniform(0.2, 1))
    out = out + noise(rng, n, slope_db=1) * np.float32(rng.uniform(0.01, 0.15))
    for moment in at_random(rng, seconds, between(rng, 4, 60)):
        size = count_of(between(rng, 0.002, 0.03))
        crackle = band_noise(rng, size, between(rng, 800, 9000), rng.uniform(0.5, 3)) * decay(size, size / 60_000)
        lay(out, crackle, moment, float(rng.exponential(1.5)))
    return np.asarray(out, np.float32)


def crowd(rng: Rng, seconds: float) -> Sound:
    """Many mouths far away: each a buzz through two wandering formants, in syllables; no word is said."""
    n = count_of(seconds)
    out = noise(rng, n, slope_db=-6) * np.float32(rng.uniform(0.05, 0.3))
    for _ in range(int(rng.integers(8, 24))):
        hertz = between(rng, 90, 320) * 2.0 ** (0.3 * wander(rng, n, 3))
        buzz = np.diff(np.floor(np.cumsum(hertz) / 48_000), prepend=0.0) + 0.02 * rng.standard_normal(n)
        first, second = between(rng, 300, 900), between(rng, 900, 2600)
        voice = shaped(buzz, lambda f, a=first, b=second: bell(f, a, 0.5) + 0.5 * bell(f, b, 0.4))  # type: ignore[misc]
        out = out + voice * gain_curve(15 * wander(rng, n, rng.uniform(3, 7)) - 15) * np.float32(rng.uniform(0.3, 1))
    return np.asarray(out, np.float32)


def applause(rng: Rng, seconds: float) -> Sound:
    """Hands, from a few to a hall full."""
    out = np.zeros(count_of(seconds), np.float32)
    claps = []
    for _ in range(16):
        size = count_of(0.04)
        claps.append(
            band_noise(rng, size, between(rng, 700, 3000), rng.uniform(0.7, 2)) * decay(size, between(rng, 0.01, 0.04))
        )
    rates = rng.uniform(2, 5.5, int(between(rng, 2, 60)))
    for rate in rates:
        moments = np.arange(rng.uniform(0, 0.5), seconds, 1 / rate)
        gain = between(rng, 0.15, 1)
        for moment in moments + rng.normal(0, 0.02, len(moments)):
            lay(out, claps[int(rng.integers(16))], float(moment), gain)
    return out * swell(len(out), rng.uniform(0, 0.3), rng.uniform(0, 0.5))


def rustle(rng: Rng, seconds: float) -> Sound:
    """Cloth, leaves, paper, gravel: bursts of grains."""
    n = count_of(seconds)
    centre = between(rng, 1000, 8000)
    grains = [
        unit(band_noise(rng, 500, centre * between(rng, 0.6, 1.6), 2)) * decay(500, between(rng, 0.003, 0.01))
        for _ in range(10)
    ]
    out = np.zeros(n, np.float32)
    busy = 10 ** (1.5 * wander(rng, n, between(rng, 0.7, 4)) - 1)
    for moment in at_random(rng, seconds, between(rng, 60, 500)):
        now = busy[min(n - 1, int(moment * 48_000))]
        lay(out, grains[int(rng.integers(10))], moment, float(now * rng.exponential(1)))
    return out


def chimes(rng: Rng, seconds: float) -> Sound:
    """Small bells, keys or coins: high modes, many, at no beat."""
    out = np.zeros(count_of(seconds), np.float32)
    for moment in [0.0, *at_random(rng, seconds, between(rng, 2, 25))]:
        hertz = between(rng, 2000, 9000) * np.sort(rng.uniform(1, 2.2, 5))
        ring = modes(count_of(0.7), hertz, np.full(5, between(rng, 0.05, 0.6)), rng.uniform(0.1, 1, 5))
        lay(out, ring, moment, float(rng.exponential(0.6)))
    return out
