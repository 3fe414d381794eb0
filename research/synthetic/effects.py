"""Sound effects by rule: things that strike and break, machines, and the draw among all kinds of effects.

Each maker takes a generator and a duration and gives mono sound [n] at 48 kHz of no particular level. What sounds in
nature is in `effects_nature`, what all of them consist of in `effect_parts`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from research.synthetic import effects_nature as nature
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


Maker = Callable[[Rng, float], Sound]
SECONDS = (1.5, 9.0)

MAKERS: tuple[Maker, ...] = (
    *(struck, footsteps, shots, debris, door, whoosh),
    *(nature.wind, nature.rain, nature.water, nature.sea, nature.fire, nature.crowd, nature.applause),
    *(nature.rustle, nature.chimes),
    *(engine, pass_by, rotor, power_tool, clockwork, signal),
    electric,
    *(nature.birds, nature.insects, nature.beasts, nature.frogs, nature.breath),
)
"""All kinds, each as likely as any other."""


def draw_effect(rng: Rng) -> tuple[str, Sound]:
    """Its name, and the sound at 48 kHz, [n], RMS 1; every fifth has another kind behind it."""
    maker = MAKERS[int(rng.integers(len(MAKERS)))]
    seconds = between(rng, *SECONDS)
    sound, name = unit(maker(rng, seconds)), maker.__name__
    if rng.random() < 0.2:
        behind = MAKERS[int(rng.integers(len(MAKERS)))]
        sound = unit(sound + np.float32(between(rng, 0.1, 0.6)) * unit(behind(rng, seconds)))
        name = f"{name} over {behind.__name__}"
    ends = np.minimum(1, np.arange(len(sound)) / count_of(0.005)).astype(np.float32)
    return name.replace("_", " "), np.asarray(sound * ends * ends[::-1], np.float32)
