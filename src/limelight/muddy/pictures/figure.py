"""A whole body far from the camera: joints that bend, drawn as limbs. It runs, hits and dances.

Lengths are shares of the body's height; angles in radians from hanging straight down, positive forwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.muddy.pictures.canvas import Canvas, Colour, disc, scaled, stroke

TORSO, UPPER_ARM, FOREARM, THIGH, SHIN, HEAD = 0.30, 0.17, 0.17, 0.25, 0.25, 0.072
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


def draw_dress(rng: np.random.Generator, *, light: float) -> Dress:
    """Clothes of any colour, under `light` (1 is day)."""
    skin = scaled((0.85, 0.62, 0.48), float(rng.uniform(0.4, 1.1)) * light)
    colours = [scaled(tuple(rng.uniform(0.08, 0.95, 3)), light) for _ in range(2)]
    return Dress(skin, scaled((0.2, 0.13, 0.08), light), colours[0], scaled(colours[1], 0.6))


def running(phase: float) -> Posture:
    """A stride; `phase` in strides."""
    a = 2 * np.pi * phase
    sides = [(0.9 * np.sin(-a + s), 0.9 + 0.4 * np.sin(-a + s), 0.85 * np.sin(a + s), 0.75 + 0.75 * np.sin(a + s - 1.4)) for s in (0, np.pi)]
    (arm1, fore1, leg1, knee1), (arm2, fore2, leg2, knee2) = sides
    return Posture(np.array([0.3, arm1, fore1, arm2, fore2, leg1, -knee1, leg2, -knee2]), 0.03 * abs(np.sin(a)))


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
    return Posture(np.array([*angles, legs[0], -rng.uniform(0, 0.9), legs[1], -rng.uniform(0, 0.9)]), rng.uniform(-0.04, 0.06))


def draw_figure(
    canvas: Canvas, posture: Posture, feet: tuple[float, float], tall: float, dress: Dress, *, facing: int = 1
) -> None:
    """A body `tall` points high that stands at `feet` (x, y), facing right (1) or left (−1)."""
    lean, *limbs = posture.angles
    hips = np.array([feet[0], feet[1] - (THIGH + SHIN) * tall * _standing_share(posture) - posture.lift * tall])
    neck = hips + _bone(-TORSO * tall, -lean, facing)
    shoulders = neck + _bone(0.03 * tall, -lean, facing)
    far, near = 0.75, 1.0
    _limb(canvas, shoulders, (limbs[2], limbs[2] + limbs[3]), (UPPER_ARM, FOREARM), tall, scaled(dress.top, far), scaled(dress.skin, far), facing)
    _limb(canvas, hips, (limbs[6], limbs[6] + limbs[7]), (THIGH, SHIN), 1.25 * tall, scaled(dress.legs, far), scaled(dress.legs, far), facing, 0.8)
    _limb(canvas, hips, (limbs[4], limbs[4] + limbs[5]), (THIGH, SHIN), 1.25 * tall, dress.legs, dress.legs, facing, 0.8)
    stroke(canvas, (hips, neck), 0.13 * tall, dress.top, end=0.15 * tall)
    head = neck + _bone(-1.25 * HEAD * tall, -lean, facing)
    disc(canvas, *head, HEAD * tall, dress.skin)
    disc(canvas, head[0] - 0.025 * facing * tall, head[1] - 0.02 * tall, 0.85 * HEAD * tall, dress.hair)
    _limb(canvas, shoulders, (limbs[0], limbs[0] + limbs[1]), (UPPER_ARM, FOREARM), tall, scaled(dress.top, near * 1.1), dress.skin, facing)


def _standing_share(posture: Posture) -> float:
    """How far down the lower foot reaches, as a share of the straight leg."""
    thighs, knees = posture.angles[[5, 7]], posture.angles[[6, 8]]
    return float(np.max((np.cos(thighs) * THIGH + np.cos(thighs + knees) * SHIN) / (THIGH + SHIN)))


def _bone(length: float, angle: float, facing: int) -> NDArray[np.float64]:
    return np.array([facing * np.sin(angle), np.cos(angle)]) * length


def _limb(canvas: Canvas, start: NDArray[np.float64], angles: tuple[float, float], bones: tuple[float, float], tall: float, upper: Colour, lower: Colour, facing: int, stretch: float = 1.0) -> None:
    joint = start + _bone(bones[0] * tall * stretch, angles[0], facing)
    end = joint + _bone(bones[1] * tall * stretch, angles[1], facing)
    stroke(canvas, (start, joint), 0.07 * tall, upper, end=0.055 * tall)
    stroke(canvas, (joint, end), 0.055 * tall, lower, end=0.04 * tall)
