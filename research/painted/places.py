"""Places: hills with trees, streets with lit windows and woods under the sky; a furnished room and a studio under a roof.

What is far is pale in the day's haze and loses its colour by night; what is near is dark.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import (
    Canvas,
    Colour,
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
    tinted,
)
from research.painted.sky import BRIGHTNESS, SKIES, WIDER, Layer, Place, backdrop, draw_sky, layer_of, layer_size
from research.painted.storyboard import Light

GROUNDS: tuple[Colour, ...] = (
    (0.24, 0.36, 0.14),
    (0.40, 0.34, 0.20),
    (0.55, 0.47, 0.32),
    (0.32, 0.34, 0.36),
    (0.20, 0.30, 0.20),
)
LEAVES = (0, 4)  # of GROUNDS
WALLS: tuple[Colour, ...] = (
    (0.55, 0.42, 0.32),
    (0.34, 0.40, 0.44),
    (0.60, 0.57, 0.50),
    (0.30, 0.24, 0.30),
    (0.42, 0.48, 0.38),
)
UNLIT = 0.7  # share of the dark windows that are seen at all
ROWS = (0.25, 0.55, 1.0)  # of houses, far to near
SKY_SLIDES = 0.05


def draw_hills(rng: np.random.Generator, light: Light, size: Size) -> Place:
    """Sky, two to four chains of hills in haze, and the ground before one's feet."""
    wide, horizon = layer_size(size), float(rng.uniform(0.4, 0.68))
    layers = [backdrop(draw_sky(rng, light, size, horizon), SKY_SLIDES)]
    haze, ground = SKIES[light][0][2], GROUNDS[int(rng.integers(len(GROUNDS)))]
    count = int(rng.integers(2, 5))
    for number in range(count):
        near = (number + 1) / count
        tall, base = float(rng.uniform(0.08, 0.3)) * (1.2 - 0.6 * near), horizon + 0.28 * near**1.5
        cell = (float(rng.uniform(0.3, 1.2)) * size.height, 9.0)
        crest = noise(rng, Size(4, wide.width), cell=cell, octaves=4 + int(2 * near))[1]  # [WIDER · W]
        colour = between(haze, scaled(ground, BRIGHTNESS[light]), 0.25 + 0.75 * near)
        layers.append(_land(rng, size, (base - crest * tall) * size.height, colour, 0.1 + 0.9 * near**2))
        if near > 0.5 and rng.random() < 0.5:
            layers.append(_trees(rng, size, base, scaled(ground, 0.4 * BRIGHTNESS[light]), 0.12 + 0.9 * near**2))
    return Place(tuple(layers), horizon)


def draw_street(rng: np.random.Generator, light: Light, size: Size) -> Place:
    """Sky, two or three rows of houses with windows, lit by night, and a road before them."""
    horizon = float(rng.uniform(0.55, 0.72))
    layers = [backdrop(draw_sky(rng, light, size, horizon), SKY_SLIDES)]
    rows = ROWS[int(rng.integers(2)) :]
    layers += [_houses(rng, light, size, horizon, near) for near in rows]
    road = scaled((0.36, 0.35, 0.35), BRIGHTNESS[light] * float(rng.uniform(0.6, 1.0)))
    top = np.full(layer_size(size).width, (horizon + 0.05) * size.height, np.float32)
    return Place((*layers, _land(rng, size, top, road, 1.0)), horizon)


def draw_wood(rng: np.random.Generator, light: Light, size: Size) -> Place:
    """Foliage in blotches of light, and trunks."""
    wide, bright = layer_size(size), BRIGHTNESS[light] + 0.05
    leaf = scaled(GROUNDS[int(rng.choice(LEAVES))], bright)
    blotches = noise(rng, wide, cell=(0.25 * size.height, 0.25 * size.height), octaves=5)
    bright_leaf = between(scaled(leaf, 1.7), SKIES[light][0][2], 0.5)
    wood = gradient(((0, scaled(leaf, 0.3)), (0.6, leaf), (1, bright_leaf)), blotches)
    bark = scaled((0.20, 0.16, 0.12), bright)
    for _ in range(int(rng.integers(4, 12))):
        x, thick = float(rng.uniform(0, wide.width)), float(rng.uniform(0.02, 0.09)) * size.height
        stroke(wood, ((x, -9), (x + rng.normal(0, 0.1) * size.height, size.height + 9)), thick, bark)
    return Place((backdrop(wood, 1.0),), 0.8)


def _land(rng: np.random.Generator, size: Size, top: NDArray[np.float32], colour: Colour, slide: float) -> Layer:
    """Everything below a line [WIDER · W], with a rim of light along it."""
    wide = layer_size(size)
    depth = axes(*wide).y - top
    rough = noise(rng, wide, cell=(0.12 * size.height, 0.04 * size.height), octaves=4)
    tone = 0.75 + 0.35 * rough + 0.25 * np.exp(-np.maximum(depth, 0) / 4)
    return layer_of(tinted(colour, tone), np.clip(depth, 0, 1).astype(np.float32), slide)


def _trees(rng: np.random.Generator, size: Size, base: float, colour: Colour, slide: float) -> Layer:
    """A few trees that stand below the line `base` (share of the height)."""
    wide = layer_size(size)
    cover = np.zeros((*wide, 3), np.float32)
    for x in rng.uniform(0, wide.width, int(rng.integers(4, 22))):
        foot = (base + float(rng.uniform(0.02, 0.1))) * size.height
        tall = float(rng.uniform(0.08, 0.3)) * size.height
        stroke(cover, ((x, foot), (x, foot - tall)), 0.06 * tall + 0.6, (1, 1, 1))
        for across, up in rng.uniform(-0.3, 0.3, (7, 2)):
            bough = (x + across * tall, foot - tall * (0.75 + up))
            stroke(cover, (bough, bough), 0.33 * tall, (1, 1, 1))
    leaf = 0.6 + 0.8 * noise(rng, wide, cell=(6, 6), octaves=2)
    return layer_of(tinted(colour, leaf), cover[..., 0], slide)


def _houses(rng: np.random.Generator, light: Light, size: Size, horizon: float, near: float) -> Layer:
    """A row of houses side by side; `near` 0 far … 1 across the road."""
    wide, haze = layer_size(size), SKIES[light][0][2]
    canvas, cover = np.zeros((*wide, 3), np.float32), np.zeros((*wide, 3), np.float32)
    foot, x, lit_share = (horizon + 0.06 * near) * size.height, 0.0, 0.5 if light in ("night", "dusk") else 0.0
    while x < wide.width:
        across = float(rng.uniform(0.12, 0.4)) * near * size.height
        top = foot - float(rng.uniform(0.15, 0.75)) * (0.4 + 0.6 * near) * size.height
        wall = scaled(WALLS[int(rng.integers(len(WALLS)))], BRIGHTNESS[light] * float(rng.uniform(0.6, 1.1)))
        corners = ((x, foot), (x, top), (x + across, top), (x + across, foot))
        polygon(canvas, corners, between(haze, wall, 0.3 + 0.7 * near))
        polygon(cover, corners, (1, 1, 1))
        if near > 0.4:
            _windows(rng, canvas[int(max(top, 0)) : int(foot), int(x) : int(x + across)], lit_share)
        x += across * float(rng.uniform(1.0, 1.3))
    return layer_of(canvas, cover[..., 0], 0.1 + 0.7 * near**2)


def _windows(rng: np.random.Generator, wall: Canvas, lit_share: float) -> None:
    """A grid of panes on a wall (a part of a canvas), some of them lit, some missing."""
    height, width = wall.shape[:2]
    step = float(rng.uniform(0.8, 1.5)) * (5 + 0.05 * height)
    for x in np.arange(0.5 * step, width - 0.8 * step, step):
        for y in np.arange(0.5 * step, height - step, 1.3 * step):
            warm = between((1.0, 0.8, 0.45), (0.8, 0.9, 1.0), float(rng.random() ** 3))
            box = wall[int(y) : int(y + 0.7 * step), int(x) : int(x + 0.5 * step)]
            if rng.random() < lit_share:
                box[:] = warm
            elif rng.random() < UNLIT:
                box *= 0.6


DIMMEST = 0.3  # of a wall, against daylight


def draw_room(rng: np.random.Generator, light: Light, size: Size) -> Place:
    """A wall with windows, pictures, shelves and lamps, and the floor."""
    wide, horizon = layer_size(size), float(rng.uniform(0.72, 0.85))
    wall = scaled(WALLS[int(rng.integers(len(WALLS)))], max(BRIGHTNESS[light], DIMMEST))
    patches = noise(rng, wide, cell=(1.2 * size.width, size.height), octaves=2)
    room = gradient(((0, scaled(wall, 0.6)), (1, scaled(wall, 1.2))), patches)
    floor = smoothstep(0, 2, axes(*wide).y - horizon * size.height)
    room = mixed(room, scaled(wall, 0.45), floor)
    furniture = (_window, _picture, _shelves, _lamp)
    for left in np.arange(0.1, WIDER * size.width / size.height - 0.5, float(rng.uniform(0.55, 0.9))):
        furniture[int(rng.integers(4))](rng, room, left * size.height, light)
    return Place((backdrop(room, 1.0),), horizon)


def draw_studio(rng: np.random.Generator, light: Light, size: Size) -> Place:
    """A plain coloured ground with a pool of light."""
    wide = layer_size(size)
    colour = scaled(rng.uniform(0.1, 0.8, 3).tolist(), max(BRIGHTNESS[light], DIMMEST))
    x, y = axes(*wide)
    across = (x - float(rng.uniform(0.3, 0.7)) * wide.width) / (0.9 * size.height)
    pool = np.exp(-(across**2) - ((y / size.height - 0.45) / 0.7) ** 2)
    ground = gradient(((0, scaled(colour, 0.35)), (1, scaled(colour, 1.15))), pool)
    return Place((backdrop(ground, 1.0),), 0.85)


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
