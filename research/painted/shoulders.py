"""Neck and shoulders in a coat, painted once and moved a little with the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from research.painted.acting import Pose
from research.painted.canvas import Canvas, Size, mixed, noise, scaled, smoothstep, tinted
from research.painted.lamps import Lamps
from research.painted.person import Person

SIDE, TOP = 3.0, 0.7  # in units of face
COARSER = 0.6  # cloth needs fewer points than a face


@dataclass(frozen=True)
class Shoulders:
    """A texture [h, w, 4] (colour times cover, cover) with `per_unit` points for one unit of face."""

    texture: NDArray[np.float32]
    per_unit: float

    def paint(self, canvas: Canvas, x: float, y: float, per_unit: float, pose: Pose) -> None:
        """Below a face at (x, y) of `per_unit` points."""
        zoom = per_unit / self.per_unit
        cos, sin = zoom * np.cos(pose.tilt), zoom * np.sin(pose.tilt)
        left, top = -SIDE * self.per_unit, TOP * self.per_unit
        right = x + 0.3 * pose.turn * per_unit
        place = np.array([[cos, -sin, right + cos * left - sin * top], [sin, cos, y + sin * left + cos * top]])
        first = int(np.clip(y + (TOP - 0.3) * per_unit, 0, canvas.shape[0]))
        if first == canvas.shape[0]:
            return
        place[1, 2] -= first
        size = (canvas.shape[1], canvas.shape[0] - first)
        seen = np.asarray(cv2.warpAffine(self.texture, place, size, flags=cv2.INTER_LINEAR), np.float32)
        canvas[first:] = canvas[first:] * (1 - seen[..., 3:]) + seen[..., :3]


def paint_shoulders(
    rng: np.random.Generator, person: Person, lamps: Lamps, *, per_unit: float, below: float
) -> Shoulders:
    """Neck in the chin's shadow, a coat with a collar or a bare neckline, down to `below` units under the face."""
    per_unit *= COARSER
    height, width = round((max(below, 1.5) - TOP) * per_unit), round(2 * SIDE * per_unit)
    v, u = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(per_unit)
    u, v, edge = u - np.float32(SIDE), v + np.float32(TOP), 1.2 / per_unit
    light = np.asarray(lamps.key, np.float32) + np.asarray(lamps.ambient, np.float32)
    side = float(lamps.key_from[0])
    wide = 0.42 + 0.30 * smoothstep(1.45, 2.0, v) ** 2
    neck = smoothstep(edge, -edge, np.abs(u) - wide) * smoothstep(0.7, 0.8, v)
    shade = 0.34 + 0.52 * smoothstep(1.2, 1.9, v + 0.5 * side * u) + 0.2 * side * u
    round_off = np.sqrt(np.maximum(1 - (u / 0.70) ** 2, 0.05))
    skin = tinted(person.skin, shade * round_off) * light
    broad = float(rng.uniform(0.9, 1.25))
    slope = 1.34 + 0.13 * np.abs(u / broad) ** float(rng.uniform(1.6, 2.6))
    opening = slope + float(rng.uniform(0.3, 1.4)) * np.maximum(0.52 - np.abs(u), 0)
    folds = 0.85 + 0.22 * np.sin(4 * u + 2.2 * v) * np.exp(-((np.abs(u) - 1.2) ** 2))
    weave = noise(rng, Size(height, width), cell=(0.2 * per_unit, 0.2 * per_unit), octaves=3)
    cloth = tinted(person.cloth, folds * (0.62 + 0.22 * np.tanh(side * u)) * (0.85 + 0.3 * weave)) * light
    lapel = smoothstep(edge, -edge, v - opening - 0.24 * np.maximum(1 - np.abs(u) / 0.95, 0) ** 0.6)
    cloth = mixed(cloth, 1.5 * cloth, lapel * float(rng.random() < 0.6))
    dressed = smoothstep(-edge, edge, v - opening) * smoothstep(2.35 * broad + 0.1, 2.35 * broad, np.abs(u))
    rim = tinted(
        scaled(lamps.fill, 0.8), np.exp(-(((v - slope) / 0.05) ** 2)) * smoothstep(0.3, 1.6, -np.sign(side) * u)
    )
    colour, cover = mixed(skin, cloth + rim, dressed), np.maximum(neck, dressed)
    return Shoulders(np.concatenate([colour * cover[..., None], cover[..., None]], axis=2), per_unit)
