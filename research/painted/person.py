"""Somebody before the camera: who it is, as a plain record drawn from a seed, and how the head moves.

A head sways, nods with the voice or with what is heard, blinks, and opens the mouth as the speech asks. Who listens is
not frozen: the lips press together or smile, the jaw idles, the head nods and turns; some chew or laugh, which looks like
speech and is none. That is the difficult case for whoever looks at mouths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from limelight.types import Vector
from research.painted.canvas import Colour, between, scaled
from research.painted.timing import Timing, curve_at

Hair = Literal["short", "bob", "long", "bald", "bun", "curls"]
HAIRS: tuple[Hair, ...] = ("short", "bob", "long", "bald", "bun", "curls")
SKINS: tuple[Colour, ...] = (
    (0.96, 0.80, 0.70),
    (0.91, 0.68, 0.54),
    (0.84, 0.60, 0.44),
    (0.72, 0.49, 0.35),
    (0.56, 0.36, 0.25),
    (0.42, 0.27, 0.19),
)
HAIR_COLOURS: tuple[Colour, ...] = (
    (0.07, 0.05, 0.05),
    (0.18, 0.11, 0.08),
    (0.35, 0.22, 0.13),
    (0.62, 0.45, 0.24),
    (0.50, 0.20, 0.10),
    (0.62, 0.60, 0.58),
)
EYES: tuple[Colour, ...] = ((0.30, 0.18, 0.10), (0.20, 0.12, 0.08), (0.30, 0.42, 0.55), (0.30, 0.38, 0.22))


@dataclass(frozen=True)
class Person:
    """A head and shoulders; lengths in units of face, whose half width is about 1."""

    skin: Colour
    lips: Colour
    hair: Colour
    eyes: Colour
    cloth: Colour
    style: Hair
    beard: float  # 0 none, 0.4 stubble, 1 full
    moustache: bool
    glasses: bool
    brows: float  # thickness, 1 is usual
    width: float  # of the face, 1 is usual
    taper: float  # of the jaw
    nose: float  # size, 1 is usual
    mouth_width: float
    mouth_height: float  # how far below the eyes, 1 is usual
    age: float  # 0 smooth … 1 lined

    @property
    def deep(self) -> Colour:
        """Skin in its own shadow."""
        return between(scaled(self.skin, 0.62), (0.45, 0.16, 0.10), 0.22)


def draw_person(seed: int) -> Person:
    """Somebody; complexions, hair and features vary independently but for what goes with a beard."""
    rng = np.random.default_rng(seed)
    tone = float(rng.random() ** 1.3 * (len(SKINS) - 1.001))
    skin = between(SKINS[int(tone)], SKINS[int(tone) + 1], tone % 1)
    dark = min(1.0, 0.35 + 0.13 * tone)  # of the hair, with darker skin
    colour = HAIR_COLOURS[0] if rng.random() < dark else HAIR_COLOURS[int(rng.integers(len(HAIR_COLOURS)))]
    bearded = rng.random() < 0.28
    styles, shares = (
        (HAIRS[:1] + HAIRS[3:], (0.6, 0.2, 0.05, 0.15)) if bearded else (HAIRS, (0.35, 0.2, 0.2, 0.05, 0.1, 0.1))
    )
    cloth = rng.uniform(0.05, 0.85) * (0.35 + 0.65 * rng.random(3))
    painted = rng.random() < 0.3 and not bearded
    return Person(
        skin=skin,
        lips=between(scaled(skin, 0.78), (0.66, 0.20, 0.22), 0.75 if painted else 0.4),
        hair=scaled(colour, float(rng.uniform(0.8, 1.2))),
        eyes=EYES[int(rng.integers(len(EYES)))],
        cloth=(float(cloth[0]), float(cloth[1]), float(cloth[2])),
        style=styles[int(rng.choice(len(styles), p=shares))],
        beard=float(rng.choice([0.35, 0.7, 1.0])) if bearded else 0.0,
        moustache=bool(bearded and rng.random() < 0.8),
        glasses=bool(rng.random() < 0.18),
        brows=float(rng.uniform(0.8, 1.5)),
        width=float(rng.uniform(0.9, 1.06)),
        taper=float(rng.uniform(0.08, 0.26)),
        nose=float(rng.uniform(0.8, 1.25)),
        mouth_width=float(rng.uniform(0.85, 1.15)),
        mouth_height=float(rng.uniform(0.94, 1.06)),
        age=float(rng.random() ** 2),
    )


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
class Mannerisms:
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


def draw_mannerisms(rng: np.random.Generator, start_seconds: float, end_seconds: float, *, speaks: bool) -> Mannerisms:
    """Drawn mannerisms for a take from `start_seconds` to `end_seconds`."""
    length = end_seconds - start_seconds
    blinks = start_seconds + np.cumsum(rng.uniform(0.8, 5.0, int(length / 2) + 3))
    return Mannerisms(
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


def pose_at(mannerisms: Mannerisms, timing: Timing, time_seconds: float) -> Pose:
    """The head at an instant."""
    t, a, lively = time_seconds, mannerisms.sway, mannerisms.liveliness
    heard = curve_at(timing.mouth, t + VOICE_LEADS_SECONDS)
    stress = np.mean([curve_at(timing.mouth, t + d) for d in (-0.24, -0.12, 0.0, 0.12, 0.24)])
    emphasis = (
        float(stress - 0.3) if mannerisms.speaks else 0.5 * np.sin(a[5] * t) * max(0.0, np.sin(0.5 * a[2] * t) - 0.5)
    )
    chewing = mannerisms.chews * (0.5 + 0.5 * np.sin(1.6 * a[5] * t)) * (np.sin(0.4 * a[1] * t + a[0]) > -0.2)
    away = float(np.exp(-(((t - mannerisms.away) / 0.6) ** 2)).max())
    press = float(np.exp(-((t - mannerisms.presses) ** 2) / 0.04).max())
    return Pose(
        turn=float(
            mannerisms.facing
            + 0.5 * away * np.sign(a[0] - 0.9)
            + lively * (0.09 * np.sin(a[0] * t + a[5]) + 0.04 * np.sin(a[1] * t))
        ),
        nod=float(lively * (0.05 * np.sin(a[2] * t + a[4]) + 0.09 * emphasis)),
        tilt=float(lively * (0.04 * np.sin(a[3] * t + 1) + 0.02 * np.sin(a[4] * t))),
        jaw=mannerisms.opening * heard if mannerisms.speaks else float(0.02 + chewing),
        lips=curve_at(timing.lips, t) if mannerisms.speaks else 0.9 * press * float(np.sign(a[1] - 2.3)),
        lids=float(np.exp(-(((t - mannerisms.blinks) / LID_SECONDS) ** 2)).max()),
        brows=float(np.clip(0.3 + 0.2 * np.sin(a[3] * t) + emphasis, 0, 1)),
    )
