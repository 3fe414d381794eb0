"""Animals, and throats that say nothing."""

from __future__ import annotations

import numpy as np

from research.synthetic.effects.parts import (
    Curve,
    Rng,
    Sound,
    at_random,
    band_noise,
    bell,
    between,
    count_of,
    harmonics,
    lay,
    noise,
    phase_of,
    shaped,
    swell,
    tone,
    unit,
    wander,
)


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
