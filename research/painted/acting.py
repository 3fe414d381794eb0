"""How a head moves: sway, nods with the voice or with what is heard, blinks, and the mouth that the speech asks for.

Who listens is not frozen: the lips press together or smile, the jaw idles, the head nods and turns; some chew or laugh,
which looks like speech and is none. That is the difficult case for whoever looks at mouths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limelight.types import Vector
from research.painted.timing import Timing, curve_at

LID_SECONDS = 0.09
CHEWERS, CHEWS = 0.3, (0.15, 0.5)  # share of those who listen, and how far their jaw goes
IDLES, MOST_IDLE = 0.05, 0.2  # how far the jaw of the others goes: mean of an exponential, and its end
AWAY_SECONDS = 12.0  # between two looks away, on average
VOICE_LEADS_SECONDS = 0.02  # a mouth opens a little before it is heard


@dataclass(frozen=True)
class Pose:
    """A head at one instant."""

    turn: float  # −1 … 1, to its left
    nod: float  # −1 … 1, down
    tilt: float  # radians
    jaw: float  # 0 closed … 1
    lips: float  # −1 spread … 1 round
    lids: float  # 0 open … 1 shut
    brows: float  # 0 … 1, raised


@dataclass(frozen=True)
class Temper:
    """How lively somebody is, for the length of one take."""

    speaks: bool
    facing: float  # the turn at rest
    sway: Vector  # [6] phases and rates
    liveliness: float
    blinks: Vector  # seconds
    presses: Vector  # seconds: when who listens presses the lips together, or smiles
    chews: float  # how far the jaw of who listens goes
    away: Vector  # seconds: when the head turns away for a moment
    opening: float  # how far the mouth opens at a loud vowel


def draw_temper(rng: np.random.Generator, start_seconds: float, end_seconds: float, *, speaks: bool) -> Temper:
    """A temper for a take from `start_seconds` to `end_seconds`."""
    length = end_seconds - start_seconds
    blinks = start_seconds + np.cumsum(rng.uniform(0.8, 5.0, int(length / 2) + 3))
    return Temper(
        speaks=speaks,
        facing=float(np.clip(rng.normal(0, 0.2), -0.45, 0.45)),
        sway=rng.uniform(0.5, 1.5, 6) * np.array([0.9, 2.3, 1.3, 0.7, 1.9, 6.0]),
        liveliness=float(rng.uniform(0.3, 2.0)),
        blinks=blinks,
        presses=start_seconds + np.cumsum(rng.uniform(1.5, 6.0, int(length / 3) + 2)),
        chews=float(rng.uniform(*CHEWS) if rng.random() < CHEWERS else min(rng.exponential(IDLES), MOST_IDLE)),
        away=start_seconds + np.cumsum(rng.exponential(AWAY_SECONDS, 3)),
        opening=float(rng.uniform(0.65, 1.1)),
    )


def pose_at(temper: Temper, timing: Timing, time_seconds: float) -> Pose:
    """The head at an instant."""
    t, a, lively = time_seconds, temper.sway, temper.liveliness
    heard = curve_at(timing.mouth, t + VOICE_LEADS_SECONDS)
    stress = np.mean([curve_at(timing.mouth, t + d) for d in (-0.24, -0.12, 0.0, 0.12, 0.24)])
    emphasis = float(stress - 0.3) if temper.speaks else 0.5 * np.sin(a[5] * t) * max(0.0, np.sin(0.5 * a[2] * t) - 0.5)
    chewing = temper.chews * (0.5 + 0.5 * np.sin(1.6 * a[5] * t)) * (np.sin(0.4 * a[1] * t + a[0]) > -0.2)
    away = float(np.exp(-(((t - temper.away) / 0.6) ** 2)).max())
    press = float(np.exp(-((t - temper.presses) ** 2) / 0.04).max())
    return Pose(
        turn=float(
            temper.facing
            + 0.5 * away * np.sign(a[0] - 0.9)
            + lively * (0.09 * np.sin(a[0] * t + a[5]) + 0.04 * np.sin(a[1] * t))
        ),
        nod=float(lively * (0.05 * np.sin(a[2] * t + a[4]) + 0.09 * emphasis)),
        tilt=float(lively * (0.04 * np.sin(a[3] * t + 1) + 0.02 * np.sin(a[4] * t))),
        jaw=temper.opening * heard if temper.speaks else float(0.02 + chewing),
        lips=curve_at(timing.lips, t) if temper.speaks else 0.9 * press * float(np.sign(a[1] - 2.3)),
        lids=float(np.exp(-(((t - temper.blinks) / LID_SECONDS) ** 2)).max()),
        brows=float(np.clip(0.3 + 0.2 * np.sin(a[3] * t) + emphasis, 0, 1)),
    )
