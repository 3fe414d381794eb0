"""Who is before the camera: a person as a plain record, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from research.painted.canvas import Colour, between, scaled

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
