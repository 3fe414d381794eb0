"""Places under a roof: a furnished room, a studio with nothing but light."""

from __future__ import annotations

import numpy as np

from research.painted.canvas import (
    Canvas,
    Size,
    axes,
    between,
    glow,
    gradient,
    mixed,
    noise,
    polygon,
    scaled,
    smoothstep,
    stroke,
)
from research.painted.layers import WIDER, Scape, backdrop, wide_of
from research.painted.outdoors import WALLS
from research.painted.sky import BRIGHTNESS, SKIES
from research.painted.storyboard import Light

DIMMEST = 0.3  # of a wall, against daylight


def draw_room(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """A wall with windows, pictures, shelves and lamps, and the floor."""
    wide, horizon = wide_of(size), float(rng.uniform(0.72, 0.85))
    wall = scaled(WALLS[int(rng.integers(len(WALLS)))], max(BRIGHTNESS[light], DIMMEST))
    patches = noise(rng, wide, cell=(1.2 * size.width, size.height), octaves=2)
    room = gradient(((0, scaled(wall, 0.6)), (1, scaled(wall, 1.2))), patches)
    floor = smoothstep(0, 2, axes(*wide).y - horizon * size.height)
    room = mixed(room, scaled(wall, 0.45), floor)
    furniture = (_window, _picture, _shelves, _lamp)
    for left in np.arange(0.1, WIDER * size.width / size.height - 0.5, float(rng.uniform(0.55, 0.9))):
        furniture[int(rng.integers(4))](rng, room, left * size.height, light)
    return Scape((backdrop(room, 1.0),), horizon)


def draw_studio(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """A plain coloured ground with a pool of light."""
    wide = wide_of(size)
    colour = scaled(rng.uniform(0.1, 0.8, 3).tolist(), max(BRIGHTNESS[light], DIMMEST))
    x, y = axes(*wide)
    across = (x - float(rng.uniform(0.3, 0.7)) * wide.width) / (0.9 * size.height)
    pool = np.exp(-(across**2) - ((y / size.height - 0.45) / 0.7) ** 2)
    ground = gradient(((0, scaled(colour, 0.35)), (1, scaled(colour, 1.15))), pool)
    return Scape((backdrop(ground, 1.0),), 0.85)


def _window(rng: np.random.Generator, room: Canvas, left: float, light: Light) -> None:
    height = room.shape[0]
    top, wide, tall = (float(rng.uniform(*reach)) * height for reach in ((0.08, 0.25), (0.25, 0.5), (0.25, 0.5)))
    outside = between(SKIES["night" if light == "night" else "day"][0][1], (1, 1, 1), 0.1)
    polygon(room, _box(left, top, wide, tall), outside)
    for bar in (
        ((left + wide / 2, top), (left + wide / 2, top + tall)),
        ((left, top + tall / 2), (left + wide, top + tall / 2)),
    ):
        stroke(room, bar, 0.02 * height, scaled((0.85, 0.83, 0.8), max(BRIGHTNESS[light], DIMMEST)))


def _picture(rng: np.random.Generator, room: Canvas, left: float, light: Light) -> None:
    """A framed picture, of one colour from afar."""
    height = room.shape[0]
    top, wide, tall = (float(rng.uniform(*reach)) * height for reach in ((0.08, 0.25), (0.2, 0.45), (0.2, 0.4)))
    polygon(room, _box(left, top, wide, tall), (0.15, 0.1, 0.08))
    rim = 0.02 * height
    paint = scaled(rng.uniform(0.15, 0.8, 3).tolist(), max(BRIGHTNESS[light], DIMMEST))
    polygon(room, _box(left + rim, top + rim, wide - 2 * rim, tall - 2 * rim), paint)


def _shelves(rng: np.random.Generator, room: Canvas, left: float, light: Light) -> None:
    """Books side by side."""
    height, bright = room.shape[0], max(BRIGHTNESS[light], DIMMEST)
    wide = float(rng.uniform(0.25, 0.5)) * height
    for shelf in np.arange(0.3, 0.75, 0.2) * height:
        for book in np.arange(left, left + wide, 0.035 * height):
            tall = float(rng.uniform(0.09, 0.15)) * height
            colour = scaled(rng.uniform(0.08, 0.55, 3).tolist(), bright)
            polygon(room, _box(book, shelf - tall, 0.03 * height, tall), colour)
        stroke(room, ((left - 4, shelf), (left + wide + 4, shelf)), 0.018 * height, (0.22, 0.14, 0.09))


def _lamp(rng: np.random.Generator, room: Canvas, left: float, light: Light) -> None:
    """A standing lamp, lit."""
    height = room.shape[0]
    foot, shade = float(rng.uniform(0.75, 0.9)), 0.28
    glow(room, left, 0.35 * height, 0.45 * height, (1.0, 0.68, 0.34), 0.45)
    rim = np.array([(-0.06, shade), (0.06, shade), (0.1, shade + 0.14), (-0.1, shade + 0.14)])
    polygon(room, np.add(rim * height, (left, 0.0)), (1.0, 0.86, 0.58))
    stroke(room, ((left, (shade + 0.14) * height), (left, foot * height)), 0.015 * height, (0.1, 0.07, 0.05))


def _box(left: float, top: float, wide: float, tall: float) -> tuple[tuple[float, float], ...]:
    return (left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)
