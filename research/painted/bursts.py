"""What is seen of a hit: light, fire, sparks, pieces that fly, dust, or a bolt of lightning, by the time since.

Each hit has its own generator, so that any picture can be painted alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from research.painted.canvas import Canvas, Colour, glow, polygon, puff, scaled, stroke
from research.painted.timing import Burst

LASTS_SECONDS = 1.6
FLASH_SECONDS = {"fire": 0.18, "pieces": 0.07, "sparks": 0.10, "dust": 0.06, "lightning": 0.12}
FLASH_LIGHT = {"fire": 0.75, "pieces": 0.22, "sparks": 0.38, "dust": 0.12, "lightning": 0.5}
BOLT_SECONDS = 0.25
FALL = 2.2  # picture heights per second²


@dataclass(frozen=True)
class Hit:
    """Something bursts at a place: x, y in points; `size` 1 is a large one."""

    time_seconds: float
    x: float
    y: float
    ground: float  # points from above
    size: float
    burst: Burst
    seed: int
    colour: Colour | None = None  # of the pieces; None leaves it to the seed


def paint_burst(canvas: Canvas, hit: Hit, time_seconds: float) -> None:
    """All that is seen of a hit at an instant; nothing before it and long after."""
    age = time_seconds - hit.time_seconds
    if not 0 <= age < LASTS_SECONDS:
        return
    height = canvas.shape[0]
    if hit.burst == "fire":
        _fire(canvas, hit, age, height)
    if hit.burst in ("dust", "pieces"):
        _dust(canvas, hit, age, height)
    if hit.burst in ("fire", "pieces"):
        _pieces(canvas, hit, age, height)
    if hit.burst in ("fire", "sparks"):
        _sparks(canvas, hit, age, height)
    if hit.burst == "lightning":
        _lightning(canvas, hit, age)
    flash = float(np.exp(-age / FLASH_SECONDS[hit.burst])) * hit.size
    if flash < 0.02:
        return
    glow(canvas, hit.x, hit.y, 0.35 * height * hit.size**0.5, (1.0, 0.75, 0.45), 1.6 * FLASH_LIGHT[hit.burst] * flash)
    light = np.array([1.0, 0.85, 0.62], np.float32) * np.float32(FLASH_LIGHT[hit.burst] * flash)
    canvas *= 1 + light
    canvas += 0.55 * light


def _fire(canvas: Canvas, hit: Hit, age: float, height: int) -> None:
    """Smoke, and hot blobs in it that rise, swell and cool."""
    rng, swell = np.random.default_rng(hit.seed), 1 - np.exp(-6 * age)
    for _ in range(11):
        angle, reach = rng.uniform(-np.pi, 0), rng.uniform(0, 0.26) * hit.size * height
        wide, cooling, rise = rng.uniform(0.07, 0.15) * hit.size * height, rng.uniform(1.5, 4), rng.uniform(0.05, 0.3)
        x, y = hit.x + reach * swell * np.cos(angle), hit.y + reach * swell * np.sin(angle) - rise * age * height
        radius = wide * (0.3 + 0.8 * swell + 0.4 * age)
        heat = float(np.exp(-cooling * age))
        puff(canvas, x, y, 1.25 * radius, (0.10, 0.085, 0.08), 0.42 * min(4 * age, 1.0) * (1 - age / LASTS_SECONDS))
        colour = (1.5 * heat**0.3, 1.15 * heat**0.9, 0.8 * heat**2)
        puff(canvas, x, y, 0.8 * radius, colour, min(1.4 * heat, 0.9))


def _lightning(canvas: Canvas, hit: Hit, age: float) -> None:
    """A bolt with branches from above the picture, halved again and again; it fades within a quarter of a second."""
    bright = float(np.exp(-age / FLASH_SECONDS["lightning"]))
    if age > BOLT_SECONDS:
        return
    rng, height = np.random.default_rng(hit.seed + 4), canvas.shape[0]
    path = np.array([(hit.x + 0.15 * height, -0.03 * height), (hit.x, hit.y)])
    for level in range(6):
        middle = (path[1:] + path[:-1]) / 2
        middle[:, 0] += rng.normal(0, 0.1 * height / 1.9**level, len(middle))
        path = np.insert(path, range(1, len(path)), middle, axis=0)
    steps = rng.normal((0.0, 0.017), (0.016, 0.007), (5, 12, 2)).cumsum(axis=1) * height
    branches = [path[int(start)] + step for start, step in zip(rng.integers(8, 45, 5), steps, strict=True)]
    for line, wide in ((path, 0.007 * height), *((branch, 0.0035 * height) for branch in branches)):
        for spread, light in ((7.0, 0.12), (3.0, 0.25), (1.0, 1.0)):
            stroke(canvas, line, wide * spread, (0.9, 1.0, 1.35), light * bright, end=wide * spread / 2)


def _dust(canvas: Canvas, hit: Hit, age: float, height: int) -> None:
    rng = np.random.default_rng(hit.seed + 1)
    fade, grow = (1 - age / LASTS_SECONDS) ** 1.5, 1 - np.exp(-4 * age)
    colour = scaled((0.62, 0.55, 0.46), float(np.clip(canvas[::8, ::8].mean() * 2, 0.15, 1)))
    for _ in range(7):
        side, up = rng.uniform(-0.3, 0.3), rng.uniform(0, 0.16)
        wide = rng.uniform(0.05, 0.13) * hit.size * height * (0.3 + grow)
        puff(canvas, hit.x + side * grow * hit.size * height, hit.ground - up * grow * height, wide, colour, 0.5 * fade)


def _pieces(canvas: Canvas, hit: Hit, age: float, height: int) -> None:
    """Splinters that fly, turn and fall."""
    rng = np.random.default_rng(hit.seed + 2)
    base = hit.colour or rng.uniform(0.05, 0.6, 3).tolist()
    for _ in range(int(6 + 9 * hit.size)):
        angle, speed = rng.uniform(-0.95 * np.pi, -0.05 * np.pi), rng.uniform(0.4, 1.6) * hit.size**0.5 * height
        long, spin = rng.uniform(0.015, 0.06) * height, rng.uniform(-14, 14) * age + angle
        x = hit.x + speed * np.cos(angle) * age
        y = hit.y + speed * np.sin(angle) * age + FALL * height / 2 * age**2
        y = min(y, hit.ground)
        along, across = (
            np.array([np.cos(spin), np.sin(spin)]) * long,
            np.array([-np.sin(spin), np.cos(spin)]) * 0.3 * long,
        )
        corners = np.add([along, across, -along, -across], (x, y))
        polygon(canvas, corners, scaled(base, float(rng.uniform(0.4, 1.4))), 1 - age / LASTS_SECONDS)


def _sparks(canvas: Canvas, hit: Hit, age: float, height: int) -> None:
    rng = np.random.default_rng(hit.seed + 3)
    for _ in range(int(10 + 16 * hit.size)):
        angle, speed, life = (
            rng.uniform(-np.pi, 0.2),
            rng.uniform(0.4, 2.0) * hit.size**0.5 * height,
            rng.uniform(0.2, 0.8),
        )
        if age > life:
            continue
        ends = []
        for t in (age + 0.01, max(age - 0.03, 0.0)):
            reach = speed * (1 - np.exp(-2.2 * t)) / 2.2
            ends.append((hit.x + reach * np.cos(angle), hit.y + reach * np.sin(angle) + 0.5 * height * t**2))
        stroke(canvas, ends, 0.012 * height, (1.6, 1.2 - 0.5 * age / life, 0.5), 0.9, end=0.004 * height)
