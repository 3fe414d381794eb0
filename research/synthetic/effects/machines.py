"""Motors, tools, signals."""

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
    decay,
    gain_curve,
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


def engine(rng: Rng, seconds: float) -> Sound:
    """A motor at changing speed: uneven firings through a few resonances, with its breath."""
    n = count_of(seconds)
    speed = np.cumsum(wander(rng, n, 1)) / 48_000 * rng.uniform(0, 1)  # octaves
    hertz = between(rng, 18, 160) * 2.0 ** (speed + 0.03 * wander(rng, n, 12))
    cylinders = int(rng.integers(1, 7))
    uneven = rng.uniform(0.4, 1, cylinders)
    firing = np.cumsum(hertz) / 48_000
    pulses = np.diff(np.floor(firing), prepend=0.0) * uneven[np.floor(firing).astype(int) % cylinders]
    pulses = pulses + 0.02 * rng.uniform(0.1, 1) * rng.standard_normal(n)
    return resonant(rng, pulses, 60, 2500) + noise(rng, n, slope_db=-5) * np.float32(rng.uniform(0.02, 0.4))


def resonant(rng: Rng, samples: Curve, low: float, high: float) -> Sound:
    """A sound [n] through a body of several resonances; RMS 1."""
    centres = [
        (between(rng, low, high), rng.uniform(0.2, 1.5), rng.uniform(0.2, 1)) for _ in range(int(rng.integers(2, 7)))
    ]
    return shaped(samples, lambda f: sum((a * bell(f, c, w) for c, w, a in centres), start=0.01 * f**0))


def pass_by(rng: Rng, seconds: float) -> Sound:
    """A vehicle comes, passes and goes: louder and softer, and lower by the Doppler effect."""
    n = count_of(seconds)
    passing = rng.uniform(0.2, 0.8)
    where = (np.linspace(0, 1, n) - passing) * seconds / rng.uniform(0.2, 1.2)  # in distances of the closest point
    hertz = between(rng, 40, 250) * (1 - rng.uniform(0.03, 0.12) * where / np.sqrt(1 + where**2))
    motor = resonant(rng, harmonics(hertz, rng.uniform(0.1, 1, 30)).astype(np.float64), 60, 2500)
    tyres = band_noise(rng, n, between(rng, 500, 1800), rng.uniform(1, 3))
    return np.asarray((motor + rng.uniform(0.1, 2) * tyres) / np.sqrt(1 + where**2), np.float32)


def rotor(rng: Rng, seconds: float) -> Sound:
    """A propeller, a fan, a mill: noise and a hum that beat with the blades."""
    n = count_of(seconds)
    beat = phase_of(between(rng, 3, 40) * 2.0 ** (0.1 * wander(rng, n, 0.5)), n)
    chop = np.exp(rng.uniform(0.5, 4) * (np.cos(beat) - 1)).astype(np.float32)
    hum = harmonics(np.full(n, between(rng, 40, 400)), 1 / np.arange(1, 12) ** rng.uniform(0.5, 2))
    return np.asarray((noise(rng, n, slope_db=rng.uniform(-8, -1)) + rng.uniform(0, 1) * unit(hum)) * chop, np.float32)


def power_tool(rng: Rng, seconds: float) -> Sound:
    """A saw, a drill, a blender: a shrill motor that labours, switched on and off."""
    n = count_of(seconds)
    load = np.clip(wander(rng, n, 2), 0, 1)
    hertz = between(rng, 80, 600) * (1 - rng.uniform(0, 0.3) * load)
    out = unit(harmonics(hertz, rng.uniform(0.05, 1, 40) / np.arange(1, 41) ** 0.5))
    grind = band_noise(rng, n, between(rng, 1500, 7000), rng.uniform(1, 3)) * (0.2 + load).astype(np.float32)
    on = swell(n, between(rng, 0.02, 0.2), between(rng, 0.02, 0.3))
    return np.asarray((out + rng.uniform(0.2, 1.5) * grind) * on, np.float32)


def clockwork(rng: Rng, seconds: float) -> Sound:
    """Ticks, clatters, keys and switches: short clicks of a body, in a beat or typed."""
    out = np.zeros(count_of(seconds), np.float32)
    n = count_of(0.08)
    clicks = []
    for _ in range(4):
        click = band_noise(rng, n, between(rng, 800, 7000), rng.uniform(0.3, 2)) * decay(n, between(rng, 0.004, 0.06))
        clicks.append(click)
    even = rng.random() < 0.5
    gap, moment, number = between(rng, 0.06, 1.0), rng.uniform(0, 0.3), 0
    while moment < seconds:
        which = number % 2 if even else int(rng.integers(4))
        lay(out, clicks[which], moment, float(rng.uniform(0.8, 1) if even else rng.uniform(0.3, 1)))
        moment, number = moment + (gap if even else float(rng.exponential(gap)) + 0.03), number + 1
    return out


def signal(rng: Rng, seconds: float) -> Sound:
    """A siren, an alarm, a horn, a telephone, a machine that beeps."""
    n = count_of(seconds)
    low, interval = between(rng, 250, 2500), rng.uniform(1.1, 2.2)
    turn = phase_of(between(rng, 0.2, 6), n)
    shape = [np.sin(turn), np.sign(np.sin(turn)), (turn / np.pi) % 2 - 1, 0 * turn][int(rng.integers(4))]
    hertz = low * interval ** (0.5 * shape)
    out = harmonics(hertz, 1 / np.arange(1, 16) ** rng.uniform(0.5, 4))
    if rng.random() < 0.5:
        out = out * (np.sin(phase_of(between(rng, 0.8, 15), n)) > rng.uniform(-0.5, 0.5))
    return np.asarray(unit(out), np.float32)


def electric(rng: Rng, seconds: float) -> Sound:
    """Hum, sparks, a laser, a thing from the future: frequencies modulated by one another."""
    n = count_of(seconds)
    out = np.zeros(n, np.float32)
    if rng.random() < 0.5:
        hum = harmonics(np.full(n, 50.0 * rng.integers(1, 3)), rng.uniform(0, 1, 40))
        sparks = noise(rng, n, slope_db=3) * (np.abs(wander(rng, n, 60)) > rng.uniform(0.6, 0.97))
        return np.asarray(unit(hum) * gain_curve(4 * wander(rng, n, 5)) + rng.uniform(0, 3) * sparks, np.float32)
    for moment in [0.0, *at_random(rng, seconds, between(rng, 0.3, 3))]:
        size = count_of(between(rng, 0.1, 1.5))
        glide = between(rng, 150, 4000) * 2.0 ** (rng.uniform(-4, 2) * np.linspace(0, 1, size))
        modulator = tone(glide * between(rng, 0.02, 3), size)
        zap = np.sin(phase_of(glide, size) + rng.uniform(0, 8) * modulator) * swell(size, rng.uniform(0, 0.3), 0.5)
        lay(out, zap.astype(np.float32), moment, float(rng.uniform(0.3, 1)))
    return out
