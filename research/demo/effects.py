"""Every noise of the film, synthesised: steps, whooshes, crashes, explosions, thunder, wind, rain, sea and gulls.

Each maker returns mono [N] that peaks near 1 (or lies around RMS 0.1 for lasting sounds); `effects_stem` places them
at the story's times.
"""

import numpy as np

from research.demo.acoustics import (
    Sound,
    bell,
    clock,
    coloured,
    in_room,
    panned,
    place,
    seconds,
    silence,
    slope,
    swept,
    wander,
)
from research.demo.story import (
    ACTION,
    DURATION_SECONDS,
    FALL_SECONDS,
    IMPACTS,
    LANDSCAPE,
    LIGHTNING_SECONDS,
    TALK,
    Impact,
    footfalls,
)

Random = np.random.Generator


def decay(count: int, half_life_seconds: float, attack_seconds: float = 0.001) -> Sound:
    """A sharp rise and an exponential fall, [N]."""
    time = clock(count)
    return np.minimum(time / attack_seconds, 1) * 0.5 ** (time / half_life_seconds)


def normal(sound: Sound, drive: float = 1.0) -> Sound:
    """Peak at 1, after bending the loudest peaks by `drive`."""
    bent = np.tanh(drive * sound / np.abs(sound).max())
    return (bent / np.abs(bent).max()).astype(np.float32)


def knock(rng: Random, lowest_hz: float, highest_hz: float, half_life_seconds: float, modes: int = 9) -> Sound:
    """A struck body: damped modes, the higher the shorter."""
    time = clock(seconds(min(10 * half_life_seconds, 1.5)))
    total = np.zeros_like(time)
    for hz in np.exp(rng.uniform(np.log(lowest_hz), np.log(highest_hz), modes)):
        ring = 0.5 ** (time / (half_life_seconds * (lowest_hz / hz) ** 0.5))
        total += rng.uniform(0.3, 1) * ring * np.sin(2 * np.pi * hz * time + rng.uniform(0, 6.3))
    return normal(total * np.minimum(time / 0.0008, 1))


def debris(rng: Random, length_seconds: float, pieces: int) -> Sound:
    """Splinters that rain down after a burst, thinning out."""
    total = np.zeros(seconds(length_seconds + 0.6), np.float32)
    for at in length_seconds * rng.beta(1.2, 2.6, pieces):
        piece = knock(rng, rng.uniform(300, 1500), 7000, rng.uniform(0.008, 0.03), 5)
        start = seconds(at)
        stop = min(start + len(piece), len(total))
        total[start:stop] += rng.uniform(0.1, 1) * (1 - 0.7 * at / length_seconds) * piece[: stop - start]
    return normal(total)


def crash(rng: Random, size: float) -> Sound:
    """A crate or barrel that bursts: a thud, breaking planks, splinters."""
    length = seconds(1.6)
    time = clock(length)
    thud = np.sin(2 * np.pi * (70 * time + 1.6 * (1 - np.exp(-30 * time)))) * decay(length, 0.07)
    smash = coloured(rng, length, slope(-3, 90, 14_000)) * decay(length, 0.045)
    total = 1.1 * size * thud + 0.45 * smash
    for _ in range(int(7 * size)):
        plank = knock(rng, 140, 3500, rng.uniform(0.02, 0.05))
        start = seconds(rng.exponential(0.05))
        total[start : start + len(plank)] += rng.uniform(0.2, 0.6) * plank[: length - start]
    rain = debris(rng, 0.9, int(30 * size))
    total[: len(rain)] += 0.35 * rain[:length]
    return normal(total, 1.6)


def explosion(rng: Random, size: float) -> Sound:
    """A crack, a boom that sinks from 95 to 30 Hz, a roar that closes, and debris."""
    length = seconds(3.2)
    time = clock(length)
    sinking = 30 * time + 65 * 0.16 * (1 - np.exp(-time / 0.16))
    boom = np.sin(2 * np.pi * sinking) * decay(length, 0.22 * size, 0.004)
    crack = coloured(rng, length, slope(-2, 200, 18_000)) * decay(length, 0.018)
    roar = swept(rng, 130 + 3500 * np.exp(-time / 0.28), 1.3) * decay(length, 0.2 * size, 0.006)
    total = 1.5 * boom + 0.6 * crack + 0.5 * roar
    rain = debris(rng, 1.9, int(60 * size))
    total[: len(rain)] += 0.4 * rain[:length]
    return normal(total, 2.4)


def thunder(rng: Random) -> Sound:
    """A tearing crack and a long uneven roll."""
    length = seconds(2.6)
    tear = coloured(rng, length, slope(-3, 250, 15_000)) * decay(length, 0.05) * wander(rng, length, 60)
    roll = coloured(rng, length, slope(-7, 35, 1500)) * decay(length, 0.5, 0.05) * (0.3 + wander(rng, length, 9))
    return normal(tear + 0.8 * roll, 1.5)


def whoosh(rng: Random, length_seconds: float) -> Sound:
    """Something that falls past: a band that rises, then dives, cut by the landing."""
    at = clock(seconds(length_seconds)) / length_seconds
    air = swept(rng, 350 * 2 ** (3.0 * at**2), 0.7)
    return normal(air * at**2.5 * np.minimum((1 - at) / 0.03, 1))


def footstep(rng: Random) -> Sound:
    """A boot on wet planks: heel, hollow wood, splash."""
    length = seconds(0.3)
    heel = coloured(rng, length, bell(900, 1.2)) * decay(length, 0.008)
    wood = knock(rng, 110, 600, 0.025, 5)[:length]
    splash = coloured(rng, length, slope(2, 1500, 14_000)) * decay(length, 0.035, 0.012)
    total = 0.5 * heel + 0.16 * splash
    total[: len(wood)] += 0.7 * wood
    return normal(total)


def wind(rng: Random, length_seconds: float, howl: float) -> Sound:
    """Gusts whose pitch follows their strength; stereo [2, N]."""
    count = seconds(length_seconds)
    gusts = wander(rng, count, 0.9)
    ears = [swept(rng, 220 * 2 ** (2.2 * (0.7 * gusts + 0.3 * wander(rng, count, 2))), 0.5) for _ in range(2)]
    return np.stack(ears) * (0.2 + howl * gusts**1.5) * 0.1


def rain(rng: Random, length_seconds: float) -> Sound:
    """A fine hiss and single drops; stereo [2, N]."""
    count = seconds(length_seconds)
    hiss = np.stack([coloured(rng, count, slope(1.0, 900, 13_000)) for _ in range(2)])
    patter, length = np.zeros_like(hiss), seconds(0.012)
    for start in rng.integers(0, count - length, int(80 * length_seconds)):
        tone = np.sin(2 * np.pi * rng.uniform(1200, 6500) * clock(length))
        drop = decay(length, rng.uniform(0.001, 0.003)) * tone * rng.exponential(1.0)
        patter[:, start : start + length] += panned(drop, rng.uniform(-1, 1))
    return (0.04 * hiss + 0.1 * patter).astype(np.float32)


def sea(rng: Random, length_seconds: float) -> Sound:
    """Slow breakers that wander from ear to ear; stereo [2, N]."""
    count = seconds(length_seconds)
    time = clock(count)
    ears = []
    for shift in (0.0, 0.6):
        swell = (0.5 - 0.5 * np.cos(2 * np.pi * (time + shift) / 4.3)) ** 2
        body, foam = coloured(rng, count, slope(-5, 60, 3000)), coloured(rng, count, slope(0, 1800, 12_000))
        ears.append((0.35 + swell) * body + 0.3 * swell**1.5 * (0.6 + 0.4 * wander(rng, count, 12)) * foam)
    return 0.1 * np.stack(ears).astype(np.float32)


def gull(rng: Random) -> Sound:
    """Three or four cries, each a bent tone with overtones."""
    cries = []
    for _ in range(int(rng.integers(3, 5))):
        length = seconds(rng.uniform(0.2, 0.34))
        at = np.linspace(0, 1, length)
        hz = 1150 * (1 + 0.45 * np.sin(np.pi * at**0.6)) * rng.uniform(0.92, 1.08)
        phase = 2 * np.pi * np.cumsum(hz) / 48_000
        tone = sum(np.sin(k * phase) / k for k in (1, 2, 3, 4))
        cries += [tone * np.sin(np.pi * at) ** 0.7, np.zeros(seconds(0.12))]
    return normal(np.concatenate(cries))


def _faded(sound: Sound, length_seconds: float) -> Sound:
    """Fade a lasting sound in and out."""
    edge = np.linspace(0, 1, seconds(length_seconds))
    sound = sound.copy()
    sound[:, : len(edge)] *= edge
    sound[:, -len(edge) :] *= edge[::-1]
    return sound


def _land(stem: Sound, rng: Random, impact: Impact) -> None:
    """The whoosh before an impact and the burst at it."""
    large = impact.kind == "explosion"
    burst = explosion(rng, impact.size / 2) if large else crash(rng, impact.size)
    gain = 1.0 if large else 0.55 + 0.12 * impact.size
    place(stem, in_room(panned(burst, impact.pan), decay_seconds=1.4, wet=0.35, seed=7), impact.time_seconds, gain)
    if not large:
        flight = whoosh(rng, FALL_SECONDS)
        place(stem, panned(flight, 0.6 * impact.pan), impact.time_seconds - FALL_SECONDS, 0.3)


def effects_stem(seed: int = 5) -> Sound:
    """Rain outside the talk's window, the storm and its bursts, then the calm sea with gulls, [2, N]."""
    rng = np.random.default_rng(seed)
    stem = silence()
    place(stem, _faded(rain(rng, 11.2) + 0.4 * wind(rng, 11.2, 0.8), 0.3), TALK.start_seconds)
    storm = 0.35 * wind(rng, 9.6, 1.6) + 0.5 * rain(rng, 9.6)
    place(stem, _faded(storm, 0.3), ACTION.start_seconds - 0.3)
    for at in footfalls():
        place(stem, in_room(panned(footstep(rng), -0.1), decay_seconds=0.3, wet=0.2, seed=3), at, 0.3)
    for impact in IMPACTS:
        _land(stem, rng, impact)
    for at in LIGHTNING_SECONDS:
        place(stem, in_room(panned(thunder(rng), 0.3), decay_seconds=1.8, wet=0.5, seed=4), at, 0.55)
    calm = DURATION_SECONDS - LANDSCAPE.start_seconds + 0.3
    place(stem, _faded(sea(rng, calm) + 0.15 * wind(rng, calm, 0.4), 0.6), LANDSCAPE.start_seconds - 0.3)
    for at, pan, gain in ((20.9, -0.5, 0.1), (24.9, 0.5, 0.08), (27.2, 0.1, 0.06)):
        place(stem, in_room(panned(gull(rng), pan), decay_seconds=1.2, wet=0.5, seed=6), at, gain)
    return stem
