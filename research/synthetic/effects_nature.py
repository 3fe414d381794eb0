"""Sound effects by rule: weather, water, fire and crowds that go on and on; animals and throats that say no word.

Each maker takes a generator and a duration and gives mono sound [n] at 48 kHz of no particular level.
"""

from __future__ import annotations

import numpy as np

from research.synthetic.effect_parts import (
    Curve,
    Rng,
    Sound,
    at_random,
    band_noise,
    bell,
    between,
    count_of,
    decay,
    gain_curve,
    harmonics,
    lay,
    modes,
    noise,
    phase_of,
    shaped,
    swell,
    tone,
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


def birds(rng: Rng, seconds: float) -> Sound:
    """One to three birds, each with a phrase of its own that it repeats: short tones that glide and trill."""
    out = np.zeros(count_of(seconds), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        phrase = _phrase(rng)
        gain = between(rng, 0.2, 1)
        for moment in [rng.uniform(0, 0.5), *at_random(rng, seconds, between(rng, 0.3, 2))]:
            lay(out, phrase, moment, gain * float(rng.uniform(0.7, 1)))
    return out


def _phrase(rng: Rng) -> Sound:
    hertz, length = between(rng, 900, 7000), between(rng, 0.03, 0.35)
    out = np.zeros(count_of(1.8), np.float32)
    moment = 0.0
    for _ in range(int(rng.integers(1, 9))):
        n = count_of(length * rng.uniform(0.6, 1.4))
        trill = rng.uniform(0, 0.15) * np.sin(phase_of(between(rng, 10, 60), n))
        glide = hertz * rng.uniform(0.8, 1.25) * 2.0 ** (rng.uniform(-0.8, 0.8) * np.linspace(0, 1, n) ** 2 + trill)
        lay(out, harmonics(glide, np.array([1, rng.uniform(0, 0.4), rng.uniform(0, 0.2)])) * swell(n, 0.2, 0.4), moment)
        moment += n / 48_000 + length * rng.uniform(0.1, 1)
    return out


def insects(rng: Rng, seconds: float) -> Sound:
    """Crickets and cicadas, or a fly: high tones in pulses, or a low buzz that comes and goes."""
    n = count_of(seconds)
    if rng.random() < 0.3:
        buzz = harmonics(between(rng, 90, 400) * 2.0 ** (0.3 * wander(rng, n, 2)), 1 / np.arange(1, 25) ** 0.8)
        return np.asarray(unit(buzz) * np.clip(wander(rng, n, 1) + 0.6, 0, 2), np.float32)
    out = np.zeros(n)
    for _ in range(int(rng.integers(1, 5))):
        pulses = np.clip(np.sin(phase_of(between(rng, 8, 70), n) + rng.uniform(0, 6)), 0, 1)
        chirps = np.clip(4 * np.sin(phase_of(between(rng, 0.4, 4), n) + rng.uniform(0, 6)) + rng.uniform(0, 4), 0, 1)
        out += (
            tone(between(rng, 2500, 9000) * (1 + 0.01 * wander(rng, n, 3)), n) * pulses * chirps * rng.uniform(0.2, 1)
        )
    return out.astype(np.float32)


def throat(rng: Rng, seconds: float, hertz: Curve, formants: list[float], rough: float) -> Sound:
    """A voiced sound that follows a frequency [n], through formants, as rough as wished (0 … 1); RMS 1."""
    n = len(hertz)
    growl = 1 + rough * np.sin(phase_of(hertz / 2, n)) + rough * wander(rng, n, 60)
    source = harmonics(hertz, 1 / np.arange(1, 40) ** 0.7).astype(
        np.float64
    ) * growl + 0.3 * rough * rng.standard_normal(n)
    return shaped(source, lambda f: sum((bell(f, c, 0.6) / (k + 1) for k, c in enumerate(formants)), start=0.02 * f**0))


def beasts(rng: Rng, seconds: float) -> Sound:
    """Barks, moos, meows, growls, quacks: one throat, calling again and again in much the same way."""
    out = np.zeros(count_of(seconds), np.float32)
    pitch, length = between(rng, 50, 1200), between(rng, 0.06, 1.8)
    rise, fall, rough = rng.uniform(-0.3, 0.8), rng.uniform(0.1, 1.2), rng.uniform(0, 1) ** 2
    formants = [between(rng, 250, 1200), between(rng, 900, 2800), between(rng, 2500, 5000)]
    moment = rng.uniform(0, 0.4)
    while moment < seconds:
        n = count_of(length * rng.uniform(0.7, 1.3))
        time = np.linspace(0, 1, n)
        bend = 2.0 ** (rise * np.sin(np.pi * time) - fall * time**2 + 0.03 * wander(rng, n, 20))
        call = throat(rng, n / 48_000, pitch * rng.uniform(0.95, 1.05) * bend, formants, rough)
        lay(out, call * swell(n, rng.uniform(0.02, 0.3), rng.uniform(0.2, 0.7)), moment, float(rng.uniform(0.5, 1)))
        moment += n / 48_000 + between(rng, 0.08, 1.5)
    return out


def frogs(rng: Rng, seconds: float) -> Sound:
    """A pond: croaks, each a row of pulses through one resonance."""
    out = np.zeros(count_of(seconds), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        n = count_of(between(rng, 0.1, 0.8))
        train = (np.sin(phase_of(between(rng, 20, 120), n)) > 0.9).astype(np.float64)
        rasp, centre = train * rng.standard_normal(n), between(rng, 300, 3000)
        croak = shaped(rasp, lambda f, c=centre: bell(f, c, 0.4))  # type: ignore[misc]
        croak = croak * swell(n, 0.2, 0.3)
        gap, moment = between(rng, 0.4, 2), rng.uniform(0, 1)
        while moment < seconds:
            lay(out, croak, moment, float(rng.uniform(0.4, 1)))
            moment += n / 48_000 + gap * rng.uniform(0.8, 1.2)
    return out


def breath(rng: Rng, seconds: float) -> Sound:
    """Panting, snoring, sniffing, coughing: air through a throat."""
    n = count_of(seconds)
    pace = between(rng, 0.3, 3)
    flow = np.clip(np.sin(phase_of(pace * (1 + 0.1 * wander(rng, n, 1)), n)), 0, 1) ** rng.uniform(0.5, 3)
    air = band_noise(rng, n, between(rng, 500, 3500), rng.uniform(0.8, 2.5)) + 0.3 * noise(rng, n, slope_db=-4)
    snore = unit(harmonics(np.full(n, between(rng, 30, 90)), rng.uniform(0.1, 1, 30))) * np.float32(
        rng.uniform(0, 1) ** 3
    )
    return np.asarray((air + snore) * flow, np.float32)
