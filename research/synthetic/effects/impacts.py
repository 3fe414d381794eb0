"""Things that strike, break, burst and slam."""

from __future__ import annotations

import numpy as np

from research.synthetic.effects.parts import (
    Rng,
    Sound,
    at_random,
    band_noise,
    between,
    count_of,
    decay,
    lay,
    modes,
    noise,
    shaped,
    swell,
    unit,
    wander,
)


def hit(rng: Rng, hertz: float, ring_seconds: float) -> Sound:
    """A thing of some size and matter, struck once: modes at no harmonic ratio under a short knock."""
    n = count_of(min(4.0, 1.3 * ring_seconds + 0.1))
    number = int(rng.integers(4, 24))
    partials = hertz * np.cumprod(np.concatenate([[1.0], rng.uniform(1.08, 1.7, number - 1)]))
    times = ring_seconds * (partials / hertz) ** -rng.uniform(0.2, 1.2)
    ring = modes(n, partials, times, rng.uniform(0.2, 1, number) * (partials / hertz) ** -rng.uniform(0, 1))
    knock = band_noise(rng, n, between(rng, 500, 6000), rng.uniform(1, 4)) * decay(n, between(rng, 0.005, 0.06))
    return np.asarray(unit(ring) * decay(n, 2 * ring_seconds) + rng.uniform(0.2, 3) * knock, np.float32)


def struck(rng: Rng, seconds: float) -> Sound:
    """Wood, stone, glass or metal: struck now and then, or dropped and bouncing."""
    out = np.zeros(count_of(seconds), np.float32)
    hertz, ring = between(rng, 60, 4000), between(rng, 0.03, 2.5)
    same = unit(hit(rng, hertz, ring))
    if rng.random() < 0.3:
        moment, gap, gain = rng.uniform(0, 0.3 * seconds), rng.uniform(0.15, 0.5), 1.0
        while gap > 0.012 and moment < seconds:
            lay(out, same, moment, gain)
            moment, gap, gain = moment + gap, gap * rng.uniform(0.7, 0.9), gain * rng.uniform(0.6, 0.85)
        return out
    for moment in [0.02, *at_random(rng, seconds, between(rng, 0.2, 5))]:
        grain = same if rng.random() < 0.5 else unit(hit(rng, hertz * rng.uniform(0.9, 1.1), ring))
        lay(out, grain, moment, float(rng.uniform(0.3, 1)))
    return out


def footsteps(rng: Rng, seconds: float) -> Sound:
    """Heel and toe on some ground, at the pace of a walk or a run."""
    out = np.zeros(count_of(seconds), np.float32)
    centre, width, length = between(rng, 200, 4000), rng.uniform(1.5, 4), between(rng, 0.03, 0.25)
    thump, thump_gain = between(rng, 50, 160), rng.uniform(0, 2)
    pace, moment = rng.uniform(0.25, 0.75), rng.uniform(0, 0.5)
    while moment < seconds:
        for delay, gain in ((0.0, 1.0), (rng.uniform(0.05, 0.12), rng.uniform(0.2, 0.8))):
            n = count_of(2 * length)
            scuff = band_noise(rng, n, centre * rng.uniform(0.8, 1.25), width) * decay(n, length)
            body = modes(n, np.array([thump]), np.array([0.12]), np.array([thump_gain]))
            lay(out, scuff + body, moment + delay, gain * float(rng.uniform(0.6, 1)))
        moment += pace * rng.uniform(0.92, 1.08)
    return out


def burst(rng: Rng) -> Sound:
    """A shot or an explosion: everything at once, then what rolls away."""
    tail = between(rng, 0.15, 4)
    n = count_of(1.2 * tail)
    crack = noise(rng, n, slope_db=rng.uniform(-5, 0)) * decay(n, between(rng, 0.03, 0.4))
    roll = noise(rng, n, slope_db=rng.uniform(-12, -5)) * decay(n, tail) * (1 + 0.6 * wander(rng, n, 9))
    return np.asarray(rng.uniform(0.5, 4) * crack + roll, np.float32)


def shots(rng: Rng, seconds: float) -> Sound:
    """One weapon: single, in bursts, or far thunder."""
    out = np.zeros(count_of(seconds), np.float32)
    same, automatic = unit(burst(rng)), rng.random() < 0.3
    for moment in [rng.uniform(0, 0.4), *at_random(rng, seconds, between(rng, 0.1, 1.5))]:
        for shot in range(int(rng.integers(3, 14)) if automatic else 1):
            lay(out, same, moment + shot * 0.09, float(rng.uniform(0.5, 1)))
    return out


def debris(rng: Rng, seconds: float) -> Sound:
    """Something falls to pieces: hundreds of hits that thin out."""
    out = np.zeros(count_of(seconds), np.float32)
    hertz, ring = between(rng, 200, 5000), between(rng, 0.02, 0.6)
    kinds = [unit(hit(rng, hertz * between(rng, 0.4, 2.5), ring)) for _ in range(8)]
    start, thins = rng.uniform(0, 0.3), between(rng, 0.2, 1.5)
    for delay in rng.exponential(thins, int(rng.integers(15, 160))):
        lay(out, kinds[int(rng.integers(8))], start + delay, float(np.exp(-delay / thins) * rng.uniform(0.1, 1)))
    crash = noise(rng, len(out), slope_db=rng.uniform(-6, 0)) * decay(len(out), between(rng, 0.2, 1.5))
    lay(out, crash, start, float(rng.uniform(0, 0.8)))
    return out


def door(rng: Rng, seconds: float) -> Sound:
    """A creak, which is a thing that sticks and slips, and at times a slam."""
    n = count_of(seconds)
    rate = between(rng, 15, 250) * 2.0 ** (1.2 * wander(rng, n, 2.5))  # slips a second
    slips = np.diff(np.floor(np.cumsum(rate) / 48_000), prepend=0.0)
    slips *= 1 + 0.3 * rng.standard_normal(n)
    centres = [between(rng, 200, 4000) for _ in range(int(rng.integers(2, 6)))]
    creak = shaped(slips, lambda f: sum((1 / (1 + ((f - c) / (0.04 * c)) ** 2) for c in centres), start=0.02 * f**0))
    out = creak * swell(n, 0.1, 0.3) * np.clip(1.3 * wander(rng, n, 2) + 0.6, 0, 1).astype(np.float32)
    if rng.random() < 0.6:
        lay(out, unit(hit(rng, between(rng, 50, 250), between(rng, 0.1, 0.5))), seconds * rng.uniform(0.3, 0.9), 4.0)
    return out


def whoosh(rng: Rng, seconds: float) -> Sound:
    """Something passes through the air, once or several times."""
    out = np.zeros(count_of(seconds), np.float32)
    centre = between(rng, 250, 4000)
    for moment in [0.05, *at_random(rng, seconds, between(rng, 0.2, 1.5))]:
        n = count_of(between(rng, 0.15, 1.2))
        low = band_noise(rng, n, centre, 1.5) * swell(n, 0.6, 0.4)
        high = band_noise(rng, n, centre * rng.uniform(1.5, 4), 1.5) * swell(n, 0.7, 0.25) ** 2
        lay(out, low + high, moment, float(rng.uniform(0.4, 1)))
    return out
