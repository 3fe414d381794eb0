"""What lies behind: skies, hills, streets, rooms, woods, as layers that slide at their own speeds when the camera pans.

A layer is wider than the picture; its two ends meet, so that a chase may go on for ever. Far layers are pale (or, at
night, lose their colour) and slow, near ones dark and quick.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.muddy.pictures.canvas import (
    Canvas,
    Colour,
    Mask,
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
from limelight.muddy.pictures.storyboard import Light

WIDER = 2.0  # a layer against the picture
SKIES: dict[Light, tuple[tuple[Colour, Colour, Colour], ...]] = {  # zenith, middle, horizon
    "day": (((0.22, 0.42, 0.72), (0.45, 0.63, 0.84), (0.80, 0.87, 0.92)), ((0.5, 0.55, 0.6), (0.64, 0.67, 0.7), (0.8, 0.81, 0.82))),
    "dusk": (((0.17, 0.22, 0.42), (0.62, 0.42, 0.50), (1.0, 0.72, 0.42)), ((0.30, 0.26, 0.42), (0.80, 0.48, 0.36), (0.96, 0.62, 0.30))),
    "night": (((0.02, 0.03, 0.07), (0.04, 0.06, 0.12), (0.10, 0.12, 0.20)), ((0.03, 0.03, 0.05), (0.06, 0.05, 0.08), (0.20, 0.13, 0.10))),
    "indoors": (((0.30, 0.28, 0.26), (0.42, 0.38, 0.34), (0.50, 0.45, 0.40)), ((0.2, 0.24, 0.28), (0.3, 0.34, 0.38), (0.4, 0.43, 0.46))),
}  # fmt: skip
BRIGHTNESS: dict[Light, float] = {"day": 1.0, "dusk": 0.55, "night": 0.16, "indoors": 0.75}
GROUNDS: tuple[Colour, ...] = ((0.24, 0.36, 0.14), (0.40, 0.34, 0.20), (0.55, 0.47, 0.32), (0.32, 0.34, 0.36), (0.20, 0.30, 0.20))
WALLS: tuple[Colour, ...] = ((0.55, 0.42, 0.32), (0.34, 0.40, 0.44), (0.60, 0.57, 0.50), (0.30, 0.24, 0.30), (0.42, 0.48, 0.38))


@dataclass(frozen=True)
class Layer:
    """Colour times cover, and cover: [H, WIDER · W, 4]; `slide` is its speed against the nearest."""

    texture: NDArray[np.float32]
    slide: float

    def onto(self, canvas: Canvas, pan: float) -> None:
        """Lay the layer over a canvas, moved `pan` points to the left."""
        height, width = canvas.shape[:2]
        whole = self.texture.shape[1]
        left = (pan * self.slide) % whole
        first, part = int(left), left - int(left)
        columns = np.arange(first, first + width + 1) % whole
        wide = self.texture[:, columns] if first + width + 1 > whole else self.texture[:, first : first + width + 1]
        seen = wide[:, :-1] * np.float32(1 - part) + wide[:, 1:] * np.float32(part)
        canvas[:] = canvas * (1 - seen[..., 3:]) + seen[..., :3]


@dataclass(frozen=True)
class Scape:
    """A place in layers, far to near, and the height of its horizon (share of the picture)."""

    layers: tuple[Layer, ...]
    horizon: float
    light: Light

    def painted(self, size: Size, pan: float, *, drift: float = 0.0) -> Canvas:
        """The place, the camera `pan` points to the right of where it began; the sky drifts by itself."""
        canvas = np.zeros((*size, 3), np.float32)
        for number, layer in enumerate(self.layers):
            layer.onto(canvas, pan + (drift / max(layer.slide, 1e-3) if number == 0 else 0.0))
        return canvas


def draw_hills(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """Sky, two to four chains of hills in haze, and the ground before one's feet."""
    wide, horizon = _wide(size), float(rng.uniform(0.4, 0.68))
    layers = [_layer(sky(rng, light, size, horizon), np.ones(wide, np.float32), 0.05)]
    haze, ground = SKIES[light][0][2], GROUNDS[int(rng.integers(len(GROUNDS)))]
    count = int(rng.integers(2, 5))
    for number in range(count):
        near = (number + 1) / count
        tall = float(rng.uniform(0.08, 0.3)) * (1.2 - 0.6 * near)
        base = horizon + 0.28 * near**1.5
        crest = _crest(rng, wide, float(rng.uniform(0.3, 1.2)), rough=near)
        colour = between(haze, scaled(ground, BRIGHTNESS[light]), 0.25 + 0.75 * near)
        layers.append(_land(rng, size, base * size.height - crest * tall * size.height, colour, 0.1 + 0.9 * near**2))
        if near > 0.5 and rng.random() < 0.5:
            layers.append(_trees(rng, size, base, scaled(ground, 0.4 * BRIGHTNESS[light]), 0.12 + 0.9 * near**2))
    return Scape(tuple(layers), horizon, light)


def draw_street(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """Sky and two or three rows of houses with windows, lit by night; a road before them."""
    wide, horizon = _wide(size), float(rng.uniform(0.55, 0.72))
    layers = [_layer(sky(rng, light, size, horizon), np.ones(wide, np.float32), 0.05)]
    for near in (0.25, 0.55, 1.0)[int(rng.integers(2)) :]:
        layers.append(_houses(rng, light, size, horizon, near))
    road = scaled((0.36, 0.35, 0.35), BRIGHTNESS[light] * float(rng.uniform(0.6, 1.0)))
    top = np.full(wide.width, (horizon + 0.05) * size.height, np.float32)
    layers.append(_land(rng, size, top, road, 1.0))
    return Scape(tuple(layers), horizon, light)


def draw_room(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """A wall with pictures, a window, shelves, a lamp, and the floor."""
    wide, horizon = _wide(size), float(rng.uniform(0.72, 0.85))
    bright = max(BRIGHTNESS[light], 0.3)
    wall = scaled(WALLS[int(rng.integers(len(WALLS)))], bright)
    x, y = axes(*wide)
    place = gradient(((0, scaled(wall, 0.6)), (1, scaled(wall, 1.2))), noise(rng, wide, cell=(1.2 * size.width, size.height), octaves=2))
    place = mixed(place, scaled(wall, 0.45), smoothstep(0, 2, y - horizon * size.height))
    for left in np.arange(0.1, WIDER * size.width / size.height - 0.5, float(rng.uniform(0.55, 0.9))):
        _furnish(rng, place, left * size.height, size, horizon, light)
    return Scape((_layer(place, np.ones(wide, np.float32), 1.0),), horizon, light)


def draw_wood(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """Foliage in blotches of light, and trunks."""
    wide, bright = _wide(size), BRIGHTNESS[light] + 0.05
    leaf = scaled(GROUNDS[int(rng.choice([0, 4]))], bright)
    blotches = noise(rng, wide, cell=(0.25 * size.height, 0.25 * size.height), octaves=5)
    back = gradient(((0, scaled(leaf, 0.3)), (0.6, leaf), (1, between(scaled(leaf, 1.7), SKIES[light][0][2], 0.5))), blotches)
    for _ in range(int(rng.integers(4, 12))):
        x, thick = float(rng.uniform(0, wide.width)), float(rng.uniform(0.02, 0.09)) * size.height
        stroke(back, ((x, -9), (x + rng.normal(0, 0.1) * size.height, size.height + 9)), thick, scaled((0.25, 0.18, 0.12), bright))
    return Scape((_layer(back, np.ones(wide, np.float32), 1.0),), 0.8, light)


def draw_studio(rng: np.random.Generator, light: Light, size: Size) -> Scape:
    """A plain coloured ground with a pool of light."""
    wide = _wide(size)
    colour = scaled(tuple(rng.uniform(0.1, 0.8, 3)), max(BRIGHTNESS[light], 0.35))
    x, y = axes(*wide)
    centre = float(rng.uniform(0.3, 0.7)) * wide.width
    pool = np.exp(-(((x - centre) / (0.9 * size.height)) ** 2) - ((y / size.height - 0.45) / 0.7) ** 2)
    place = gradient(((0, scaled(colour, 0.35)), (1, scaled(colour, 1.15))), pool)
    return Scape((_layer(place, np.ones(wide, np.float32), 1.0),), 0.85, light)


def sky(rng: np.random.Generator, light: Light, size: Size, horizon: float) -> Canvas:
    """A sky with clouds, stars by night, and a sun or moon now and then, [H, WIDER · W, 3]."""
    wide = _wide(size)
    x, y = axes(*wide)
    zenith, middle, low = SKIES[light][int(rng.integers(len(SKIES[light])))]
    canvas = gradient(((0, zenith), (0.55, middle), (1.0, low)), y / (horizon * size.height))
    if light == "night":
        for star_x, star_y, bright in rng.random((int(rng.integers(0, 90)), 3)):
            canvas[int(star_y * horizon * (size.height - 1)), int(star_x * (wide.width - 1))] += np.float32(0.6 * bright)
    if rng.random() < 0.5 and light != "indoors":
        at = (float(rng.uniform(0.1, 0.5)) * wide.width, float(rng.uniform(0.2, 0.95)) * horizon * size.height)
        colour = (0.8, 0.85, 1.0) if light == "night" else (1.0, 0.85, 0.6)
        glow(canvas, *at, 0.35 * size.height, colour, 0.12 if light == "night" else 0.3)
        glow(canvas, *at, 0.045 * size.height, colour, 1.2)
    if rng.random() < 0.75:
        cell = (float(rng.uniform(0.6, 2.0)) * size.height, float(rng.uniform(0.15, 0.5)) * size.height)
        field = noise(rng, wide, cell=cell, octaves=5)
        cover = smoothstep(float(rng.uniform(0.3, 0.6)), 0.9, field) * smoothstep(1.0, 0.8, y / (horizon * size.height))
        lit = np.clip(0.6 + 5 * (field - np.roll(field, -4, axis=0)), 0.2, 1)
        canvas = mixed(canvas, between(low, (1, 1, 1), 0.4 * BRIGHTNESS[light]) * lit[..., None], 0.85 * cover)
    return canvas


def _wide(size: Size) -> Size:
    return Size(size.height, round(WIDER * size.width))


def _layer(colour: Canvas, cover: Mask, slide: float) -> Layer:
    """The last eighth is blended into what comes before the first, so that the ends meet."""
    texture = np.concatenate([colour * cover[..., None], cover[..., None]], axis=2).astype(np.float32)
    width = texture.shape[1]
    seam = width // 8
    ramp = np.linspace(0, 1, seam, dtype=np.float32)[:, None]
    texture[:, width - seam :] = texture[:, width - seam :] * (1 - ramp) + texture[:, seam - 1 :: -1][:, :seam] * ramp
    return Layer(texture, slide)


def _crest(rng: np.random.Generator, wide: Size, cell: float, *, rough: float) -> NDArray[np.float32]:
    """Heights of a chain of hills in 0…1, one for each column."""
    return noise(rng, Size(4, wide.width), cell=(cell * wide.height, 9), octaves=4 + int(2 * rough))[1]


def _land(rng: np.random.Generator, size: Size, top: NDArray[np.float32], colour: Colour, slide: float) -> Layer:
    """Everything below a line [W], with a rim of light and a texture that grows towards the camera."""
    wide = _wide(size)
    depth = axes(*wide).y - top
    rough = noise(rng, wide, cell=(0.12 * size.height, 0.04 * size.height), octaves=4)
    tone = 0.75 + 0.35 * rough + 0.25 * np.exp(-np.maximum(depth, 0) / 4)
    return _layer(tone[..., None] * np.asarray(colour, np.float32), np.clip(depth, 0, 1).astype(np.float32), slide)


def _trees(rng: np.random.Generator, size: Size, base: float, colour: Colour, slide: float) -> Layer:
    wide = _wide(size)
    canvas = np.zeros((*wide, 3), np.float32)
    for x in rng.uniform(0, wide.width, int(rng.integers(4, 22))):
        foot = (base + float(rng.uniform(0.02, 0.1))) * size.height
        tall = float(rng.uniform(0.08, 0.3)) * size.height
        stroke(canvas, ((x, foot), (x, foot - tall)), 0.06 * tall + 0.6, (1, 1, 1))
        for bough in rng.uniform(-0.3, 0.3, (7, 2)):
            stroke(canvas, ((x + bough[0] * tall, foot - tall * (0.75 + bough[1])),) * 2, 0.33 * tall, (1, 1, 1))
    cover = canvas[..., 0]
    leaf = 0.6 + 0.8 * noise(rng, wide, cell=(6, 6), octaves=2)
    return _layer(leaf[..., None] * np.asarray(colour, np.float32), cover, slide)


def _houses(rng: np.random.Generator, light: Light, size: Size, horizon: float, near: float) -> Layer:
    wide = _wide(size)
    canvas, cover = np.zeros((*wide, 3), np.float32), np.zeros((*wide, 3), np.float32)
    foot, x, bright = (horizon + 0.06 * near) * size.height, 0.0, BRIGHTNESS[light]
    while x < wide.width:
        across, tall = float(rng.uniform(0.12, 0.4)) * near * size.height, float(rng.uniform(0.15, 0.75)) * (0.4 + 0.6 * near) * size.height
        wall = between(SKIES[light][0][2], scaled(WALLS[int(rng.integers(len(WALLS)))], bright), 0.3 + 0.7 * near)
        walls = ((x, foot), (x, foot - tall), (x + across, foot - tall), (x + across, foot))
        polygon(canvas, walls, scaled(wall, float(rng.uniform(0.6, 1.1))))
        polygon(cover, walls, (1, 1, 1))
        if near > 0.4:
            _windows(rng, canvas, (x, foot - tall), (x + across, foot), lit_share=0.5 if light in ("night", "dusk") else 0.0)
        x += across * float(rng.uniform(1.0, 1.3))
    return _layer(canvas, cover[..., 0], 0.1 + 0.7 * near**2)


def _windows(rng: np.random.Generator, canvas: Canvas, low: tuple[float, float], high: tuple[float, float], *, lit_share: float) -> None:
    """A grid of panes, some of them lit."""
    step = 0.055 * canvas.shape[0] * float(rng.uniform(0.8, 1.5))
    for x in np.arange(low[0] + 0.5 * step, high[0] - 0.8 * step, step):
        for y in np.arange(low[1] + 0.5 * step, high[1] - step, 1.3 * step):
            warm = between((1.0, 0.8, 0.45), (0.8, 0.9, 1.0), float(rng.random() ** 3))
            pane = warm if rng.random() < lit_share else scaled((0.25, 0.3, 0.36), 0.5)
            cv2.rectangle(canvas, (int(x), int(y)), (int(x + 0.5 * step), int(y + 0.7 * step)), pane, -1)


def _furnish(rng: np.random.Generator, place: Canvas, left: float, size: Size, horizon: float, light: Light) -> None:
    """One thing on or before the wall: a window, a picture, shelves with books, a lamp."""
    h, what = size.height, rng.random()
    top, across = float(rng.uniform(0.08, 0.25)) * h, float(rng.uniform(0.25, 0.5)) * h
    tall = float(rng.uniform(0.25, 0.5)) * h
    box = ((left, top), (left + across, top), (left + across, top + tall), (left, top + tall))
    if what < 0.25:
        outside = between(SKIES["night" if light == "night" else "day"][0][1], (1, 1, 1), 0.1)
        polygon(place, box, outside)
        for bar in (((left + across / 2, top), (left + across / 2, top + tall)), ((left, top + tall / 2), (left + across, top + tall / 2))):
            stroke(place, bar, 0.02 * h, (0.85, 0.83, 0.8))
    elif what < 0.5:
        polygon(place, box, (0.15, 0.1, 0.08))
        inner = np.asarray(box) * 0.86 + np.mean(box, axis=0) * 0.14
        polygon(place, inner, tuple(rng.uniform(0.15, 0.8, 3)))
    elif what < 0.75:
        for shelf in np.arange(top + 0.16 * h, horizon * h, 0.2 * h):
            for book in np.arange(left, left + across, 0.035 * h):
                up = float(rng.uniform(0.09, 0.15)) * h
                polygon(place, ((book, shelf - up), (book + 0.03 * h, shelf - up), (book + 0.03 * h, shelf), (book, shelf)), tuple(rng.uniform(0.08, 0.55, 3)))
            stroke(place, ((left - 4, shelf), (left + across + 4, shelf)), 0.018 * h, (0.22, 0.14, 0.09))
    else:
        glow(place, left, 0.35 * h, 0.45 * h, (1.0, 0.68, 0.34), 0.45)
        polygon(place, ((left - 0.06 * h, 0.28 * h), (left + 0.06 * h, 0.28 * h), (left + 0.1 * h, 0.42 * h), (left - 0.1 * h, 0.42 * h)), (1.0, 0.86, 0.58))
        stroke(place, ((left, 0.42 * h), (left, horizon * h)), 0.015 * h, (0.1, 0.07, 0.05))
