"""A whole body far from the camera: joints that bend, drawn as limbs. It runs, hits and dances.

Lengths are shares of the body's height; angles in radians from hanging straight down, positive forwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import Canvas, Colour, disc, scaled, stroke

TORSO, ARM, LEG, HEAD = 0.30, 0.34, 0.50, 0.072
FAR = 0.75  # the limbs of the far side are darker
STANDING = (0.05, 0.15, 0.1, -0.15, 0.1, 0.12, 0.0, -0.12, 0.0)


@dataclass(frozen=True)
class Posture:
    """The angles of a body [9]: lean, then arm and forearm of either side, then thigh and knee of either side."""

    angles: NDArray[np.float64]
    lift: float = 0.0  # of the hips, body heights

    def toward(self, other: Posture, share: float) -> Posture:
        """On the way to another."""
        angles = self.angles + (other.angles - self.angles) * share
        return Posture(angles, self.lift + (other.lift - self.lift) * share)


@dataclass(frozen=True)
class Dress:
    """The colours of a body."""

    skin: Colour
    hair: Colour
    top: Colour
    legs: Colour


@dataclass(frozen=True)
class Limb:
    """An arm or a leg: length and thickness in body heights, the colours of its two halves."""

    length: float
    thick: float
    upper: Colour
    lower: Colour


def draw_dress(rng: np.random.Generator, *, light: float) -> Dress:
    """Clothes of any colour, under `light` (1 is day)."""
    skin = scaled((0.85, 0.62, 0.48), float(rng.uniform(0.4, 1.1)) * light)
    colours = [scaled(rng.uniform(0.08, 0.95, 3).tolist(), light) for _ in range(2)]
    return Dress(skin, scaled((0.2, 0.13, 0.08), light), colours[0], scaled(colours[1], 0.6))


def running(phase: float) -> Posture:
    """A stride; `phase` in strides."""
    a = 2 * np.pi * phase + np.array([0, np.pi])  # near and far side
    arms = np.stack([-0.9 * np.sin(a), 0.9 - 0.4 * np.sin(a)], axis=1)
    legs = np.stack([0.85 * np.sin(a), -0.75 - 0.75 * np.sin(a - 1.4)], axis=1)
    return Posture(np.concatenate([[0.3], arms.ravel(), legs.ravel()]), 0.03 * abs(float(np.sin(a[0]))))


def standing() -> Posture:
    """Upright, at rest."""
    return Posture(np.array(STANDING))


def lunging() -> Posture:
    """A blow with the fore arm."""
    return Posture(np.array([0.45, 1.65, 0.05, -0.6, 1.2, 0.7, -0.5, -0.55, -0.1]))


def struck() -> Posture:
    """Thrown back by a blow."""
    return Posture(np.array([-0.6, 0.9, 0.7, 0.5, 0.8, 0.4, -0.2, -0.2, -0.5]))


def draw_dancing(rng: np.random.Generator) -> Posture:
    """Some posture of a dance: arms anywhere, legs apart or bent."""
    arms = rng.uniform(-2.8, 2.8, 2)
    legs = rng.uniform(-0.7, 0.7, 2)
    angles = [rng.uniform(-0.35, 0.35), arms[0], rng.uniform(-0.5, 1.6), arms[1], rng.uniform(-1.6, 0.5)]
    return Posture(
        np.array([*angles, legs[0], -rng.uniform(0, 0.9), legs[1], -rng.uniform(0, 0.9)]), rng.uniform(-0.04, 0.06)
    )


def draw_figure(
    canvas: Canvas, posture: Posture, feet: tuple[float, float], tall: float, dress: Dress, *, facing: int = 1
) -> None:
    """A body `tall` points high that stands at `feet` (x, y), facing right (1) or left (−1)."""
    lean = -posture.angles[0]
    hips = np.array([feet[0], feet[1] - (LEG * _standing_share(posture) + posture.lift) * tall])
    neck = hips + _bone(-TORSO * tall, lean, facing)
    shoulders = neck + _bone(0.03 * tall, lean, facing)
    arms, legs = posture.angles[1:5].reshape(2, 2), posture.angles[5:9].reshape(2, 2)  # near and far side
    _limb(canvas, shoulders, arms[1], tall, Limb(ARM, 0.07, scaled(dress.top, FAR), scaled(dress.skin, FAR)), facing)
    _limb(canvas, hips, legs[1], tall, Limb(LEG, 0.088, scaled(dress.legs, FAR), scaled(dress.legs, FAR)), facing)
    _limb(canvas, hips, legs[0], tall, Limb(LEG, 0.088, dress.legs, dress.legs), facing)
    stroke(canvas, (hips, neck), 0.13 * tall, dress.top, end=0.15 * tall)
    x, y = neck + _bone(-1.25 * HEAD * tall, lean, facing)
    disc(canvas, x, y, HEAD * tall, dress.skin)
    disc(canvas, x - 0.025 * facing * tall, y - 0.02 * tall, 0.85 * HEAD * tall, dress.hair)
    _limb(canvas, shoulders, arms[0], tall, Limb(ARM, 0.07, scaled(dress.top, 1.1), dress.skin), facing)


def _standing_share(posture: Posture) -> float:
    """How far down the lower foot reaches, as a share of the straight leg."""
    thighs, knees = posture.angles[[5, 7]], posture.angles[[6, 8]]
    return float(np.max(np.cos(thighs) + np.cos(thighs + knees)) / 2)


def _bone(length: float, angle: float, facing: int) -> NDArray[np.float64]:
    return np.array([facing * np.sin(angle), np.cos(angle)]) * length


def _limb(
    canvas: Canvas, start: NDArray[np.float64], angles: NDArray[np.float64], tall: float, limb: Limb, facing: int
) -> None:
    """Two equal bones from `start`: the angle of the upper one, and of the lower one against it."""
    joint = start + _bone(limb.length / 2 * tall, angles[0], facing)
    end = joint + _bone(limb.length / 2 * tall, angles[0] + angles[1], facing)
    stroke(canvas, (start, joint), limb.thick * tall, limb.upper, end=0.8 * limb.thick * tall)
    stroke(canvas, (joint, end), 0.8 * limb.thick * tall, limb.lower, end=0.6 * limb.thick * tall)
