"""Hair: what is seen behind a head, what lies before the forehead, and its strands."""

from __future__ import annotations

import cv2
import numpy as np

from research.painted.canvas import Canvas, Mask, Size, noise, scaled, smoothstep, tinted
from research.painted.face import Ground
from research.painted.lamps import Lamps
from research.painted.person import Hair, Person

# Half width and height of what is seen behind, and how far down it reaches.
BEHIND: dict[Hair, tuple[float, float, float]] = {
    "short": (1.02, 1.16, 0.1),
    "bob": (1.15, 1.24, 1.0),
    "long": (1.17, 1.24, 1.6),
    "bald": (0.0, 0.0, 0.0),
    "bun": (1.03, 1.2, 0.3),
    "curls": (1.28, 1.36, 0.75),
}


def paint_hair(rng: np.random.Generator, ground: Ground, person: Person, lamps: Lamps) -> Canvas:
    """Strands that follow the head, with a band of light across them."""
    u, v = ground.u, ground.v
    size = Size(*u.shape)
    curly = person.style == "curls"
    cell = (0.12, 0.12) if curly else (0.05, 1.8)
    strands = noise(rng, size, cell=(cell[0] * ground.per_unit, cell[1] * ground.per_unit), octaves=3)
    bend = np.asarray(u * (1 + 0.35 * v), np.float32)
    at = ((bend - u.min()) * ground.per_unit).astype(np.float32)
    rows = ((v - v.min()) * ground.per_unit).astype(np.float32)
    strands = np.asarray(cv2.remap(strands, at, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
    side = float(lamps.key_from[0])
    band = np.exp(-(((v + 1.0 + 0.2 * np.cos(2 * u)) / 0.28) ** 2)) * (0.6 + 0.4 * np.tanh(2 * side * u + 0.5))
    light = (0.45 + 0.9 * band) * (0.55 + 0.75 * strands)
    key = np.asarray(lamps.key, np.float32) + np.asarray(lamps.ambient, np.float32)
    return tinted(person.hair, light) * key + tinted(scaled(lamps.key, 0.07), band * strands)


def hair_behind(rng: np.random.Generator, ground: Ground, person: Person, lamps: Lamps) -> tuple[Canvas, Mask]:
    """What is seen behind the head, and where."""
    u, v = ground.u, ground.v
    wide, high, down = BEHIND[person.style]
    if wide == 0:
        return np.zeros((*u.shape, 3), np.float32), np.zeros_like(u)
    edge = ground.edge
    if person.style == "curls":
        wide, high = 1.18, 1.28
        edge = 0.08
    around = np.hypot(u / wide, (np.minimum(v, 0.10) + 0.30) / high)
    cover = smoothstep(1 + edge, 1 - edge, around) * smoothstep(down + 0.03, down - 0.03, v + 0.12 * np.cos(2.6 * u))
    if person.style == "bun":
        cover = np.maximum(cover, smoothstep(0.34 + edge, 0.34 - edge, np.hypot(u, v + 1.45)))
    return paint_hair(rng, ground, person, lamps) * np.float32(0.6), cover


def fringe_cover(ground: Ground, person: Person) -> Mask:
    """Where hair lies before the face: a fringe with a parting, and the sides."""
    if person.style == "bald":
        return np.zeros_like(ground.u)
    u, v, edge = ground.u, ground.v, 2 * ground.edge
    parting = 0.34 * (1 if person.width > 0.98 else -1)
    long = person.style in ("bob", "long")
    fringe = -0.66 - 0.16 * np.cos(1.7 * (u + parting)) + 0.46 * np.maximum(np.abs(u + parting) - 0.05, 0) ** 2.2
    if not long:
        fringe = -0.80 - 0.10 * np.cos(3.0 * u + parting) + 0.30 * np.abs(u) ** 2.5
    sides = (
        np.abs(u)
        - (0.84 if long else 0.90)
        + 0.13 * smoothstep(0.0, 1.1, v)
        + (0 if long else -2 * np.maximum(v + 0.1, 0))
    )
    covered = 0.06 * np.logaddexp((fringe - v) / 0.06, -np.minimum(-sides, 6) / 0.06)  # one or the other, rounded
    head = (
        np.hypot(u / 1.06, (np.minimum(v, 0.1) + 0.28) / 1.16)
        if not long
        else np.hypot(u / 1.13, (np.minimum(v, 0.1) + 0.3) / 1.22)
    )
    inside = smoothstep(1 + ground.edge, 1 - ground.edge, head)
    return smoothstep(-edge, edge, covered) * inside * smoothstep(1.08, 1.0, v)
