"""Light and camera: the lamps that fall on people, and sway, shake, exposure, colour, vignette, grain, black bars.

Lamps are a key light with a direction, a fill from the other side, and the rest. They are exposed as a camera would: a
face at night is darker than by day, but not lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import Canvas, Colour, Mask, axes, shifted, smoothstep, tinted
from research.painted.storyboard import Grading, Light
from research.painted.timing import Onset

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


SHAKE_SECONDS = 0.22
SHAKE_HEIGHTS = 0.06  # of the picture, at the strongest
GRAINS = 8  # patterns in turn


class Camera:
    """Turns painted light into the pictures of a film; holds the grain's patterns."""

    def __init__(self, grading: Grading, seed: int) -> None:
        self._grading = grading
        self._seed = seed
        self._phase = float(np.random.default_rng(seed).uniform(0, 6))

    def sway(self, canvas: Canvas, time_seconds: float) -> Canvas:
        """The picture as a hand holds it."""
        reach = self._grading.handheld * canvas.shape[0]
        if reach == 0:
            return canvas
        t = time_seconds + self._phase
        dx = reach * (np.sin(1.7 * t) + 0.6 * np.sin(4.1 * t + 1))
        dy = reach * (np.sin(2.3 * t + 2) + 0.5 * np.sin(5.3 * t))
        return shifted(canvas, dx, dy, zoom=1 + 2.5 * self._grading.handheld)

    def develop(self, canvas: Canvas, number: int) -> NDArray[np.uint8]:
        """Light [H, W, 3] to a picture of 8 bits; `number` chooses the grain."""
        grading, (height, width) = self._grading, canvas.shape[:2]
        gain = grading.exposure * np.exp(np.array([0.14, 0.02, -0.16]) * grading.warmth)
        light = canvas * (gain.astype(np.float32) * _vignette(height, width, grading.vignette)[..., None])
        if grading.saturation != 1:
            grey = (light @ np.array([0.2126, 0.7152, 0.0722], np.float32))[..., None]
            light = grey + (light - grey) * np.float32(grading.saturation)
        light = (light - np.float32(0.4)) * np.float32(grading.contrast) + np.float32(0.4)
        over = np.maximum(light - np.float32(0.8), 0)
        light = np.minimum(light, np.float32(0.8)) + over / (1 + 5 * over)  # a soft shoulder
        if grading.grain:
            light += np.float32(grading.grain) * _grain(height, width, self._seed % 1000, number % GRAINS)[..., None]
        bar = round(grading.bars * height)
        if bar:
            light[:bar] = light[height - bar :] = 0
        return np.asarray(cv2.convertScaleAbs(np.maximum(light, 0), alpha=255), np.uint8)


def shaken(canvas: Canvas, hits: tuple[Onset, ...], time_seconds: float) -> Canvas:
    """The picture as the camera is thrown by each hit: a fast, dying swing, the first picture the strongest."""
    dx = dy = 0.0
    for hit in hits:
        age = time_seconds - hit.time_seconds
        if 0 <= age < 5 * SHAKE_SECONDS:
            throw = SHAKE_HEIGHTS * canvas.shape[0] * hit.strength * np.exp(-age / SHAKE_SECONDS)
            dx += throw * np.sin(41 * age + 9 * hit.time_seconds)
            dy += throw * np.cos(57 * age)
    return canvas if abs(dx) + abs(dy) < 0.05 else shifted(canvas, dx, dy, zoom=1.03)


@lru_cache(maxsize=8)
def _vignette(height: int, width: int, amount: float) -> Mask:
    x, y = axes(height, width)
    far = np.hypot((x / width - 0.5) * 1.75, (y / height - 0.5) * 1.65)
    return np.asarray(1 - amount * smoothstep(0.45, 1.25, far), np.float32)


@lru_cache(maxsize=2 * GRAINS)
def _grain(height: int, width: int, seed: int, number: int) -> Mask:
    return np.random.default_rng([seed, number]).standard_normal((height, width), np.float32)
