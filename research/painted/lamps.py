"""The light that falls on people and things: a key light with a direction, a fill from the other side, the rest.

Exposed as a camera would: a face at night is darker than by day, but not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import Canvas, Colour, Mask, smoothstep, tinted
from research.painted.storyboard import Light

SOFTNESS = 0.45  # how far light reaches around what it falls on

Direction = NDArray[np.float32]  # [3] right, down, towards the camera; of length 1


@dataclass(frozen=True)
class Lamps:
    """The light of a place."""

    key_from: Direction
    fill_from: Direction
    key: Colour
    fill: Colour
    ambient: Colour


Mood = tuple[Colour, Colour, Colour]  # key, fill, ambient
MOODS: dict[Light, tuple[Mood, ...]] = {
    "day": (
        ((0.82, 0.78, 0.70), (0.16, 0.20, 0.26), (0.20, 0.22, 0.24)),
        ((0.60, 0.61, 0.63), (0.20, 0.21, 0.23), (0.30, 0.31, 0.33)),
    ),
    "dusk": (
        ((1.05, 0.72, 0.45), (0.16, 0.20, 0.36), (0.17, 0.16, 0.22)),
        ((0.80, 0.55, 0.50), (0.20, 0.20, 0.34), (0.20, 0.18, 0.24)),
    ),
    "night": (
        ((0.52, 0.56, 0.75), (0.30, 0.16, 0.06), (0.09, 0.09, 0.14)),
        ((0.75, 0.50, 0.30), (0.06, 0.16, 0.30), (0.08, 0.08, 0.12)),
        ((0.70, 0.35, 0.60), (0.05, 0.28, 0.34), (0.10, 0.08, 0.14)),
    ),
    "indoors": (
        ((0.85, 0.72, 0.57), (0.12, 0.17, 0.24), (0.18, 0.16, 0.14)),
        ((0.70, 0.69, 0.67), (0.18, 0.18, 0.18), (0.22, 0.22, 0.22)),
    ),
}


def direction(right: float, down: float, near: float) -> Direction:
    """A unit vector."""
    return np.asarray(np.array([right, down, near]) / np.sqrt(right**2 + down**2 + near**2), np.float32)


def draw_lamps(rng: np.random.Generator, light: Light) -> Lamps:
    """Key from before and above, to one side; fill from the other."""
    side = float(rng.choice([-1, 1]))
    key, fill, ambient = MOODS[light][int(rng.integers(len(MOODS[light])))]
    return Lamps(
        key_from=direction(side * float(rng.uniform(0.05, 0.6)), float(rng.uniform(-0.6, -0.25)), 0.75),
        fill_from=direction(-side * 0.85, float(rng.uniform(-0.3, 0.1)), 0.5),
        key=key,
        fill=fill,
        ambient=ambient,
    )


def lit(relief: Mask, albedo: Canvas, lamps: Lamps, *, per_unit: float, gloss: float) -> Canvas:
    """A surface that stands out by `relief` (in units of `per_unit` points) under these lamps."""
    dz_dv, dz_du = (d * np.float32(per_unit) for d in np.gradient(relief))
    normal = np.stack([-dz_du, -dz_dv, np.ones_like(relief)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    key = smoothstep(-SOFTNESS, 1.0, normal @ lamps.key_from)
    fill = smoothstep(0.0, 1.0, normal @ lamps.fill_from)
    light = tinted(lamps.key, key) + tinted(lamps.fill, fill) + np.asarray(lamps.ambient, np.float32)
    middle = lamps.key_from + np.array([0, 0, 1], np.float32)
    shine = np.maximum(normal @ (middle / np.linalg.norm(middle)), 0) ** 24
    return np.asarray(albedo * light + tinted(lamps.key, gloss * shine), np.float32)
