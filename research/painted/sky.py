"""A place in layers that slide when the camera pans, far ones slowly and near ones quickly; the farthest is the sky.

A layer is wider than the picture and its two ends meet, so that a chase may go on for ever. The sky comes by day, at dusk
and by night, with clouds, stars, sun and moon, and with rain or snow before the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import (
    SHIFT,
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
    smoothstep,
    tinted,
)
from research.painted.storyboard import Light, Weather

WIDER = 2.0  # a layer against the picture
SEAM = 8  # the last eighth goes over into what the first began with


@dataclass(frozen=True)
class Layer:
    """Colour times cover, and cover, from row `top` on: [H − top, WIDER · W, 4]."""

    texture: NDArray[np.float32]
    slide: float  # its speed against the nearest
    top: int = 0
    opaque: bool = False

    def onto(self, canvas: Canvas, pan: float) -> None:
        """Lay the layer over a canvas, moved `pan` points to the left."""
        width, whole = canvas.shape[1], self.texture.shape[1]
        left = (pan * self.slide) % whole
        first, part = int(left), np.float32(left - int(left))
        columns = np.arange(first, first + width + 1) % whole
        wide = self.texture[:, columns] if first + width + 1 > whole else self.texture[:, first : first + width + 1]
        seen = wide[:, :-1] + (wide[:, 1:] - wide[:, :-1]) * part if part > 0.02 else wide[:, :-1]
        below = canvas[self.top :]
        if self.opaque:
            below[:] = seen[..., :3]
        else:
            below *= 1 - seen[..., 3:]
            below += seen[..., :3]


@dataclass(frozen=True)
class Place:
    """Layers from far to near, and the height of the horizon (share of the picture)."""

    layers: tuple[Layer, ...]
    horizon: float

    def painted(self, size: Size, pan: float, *, drift: float = 0.0) -> Canvas:
        """The place, the camera `pan` points to the right of where it began, the farthest layer `drift` further."""
        canvas = np.zeros((*size, 3), np.float32)
        for number, layer in enumerate(self.layers):
            layer.onto(canvas, pan + (drift / layer.slide if number == 0 else 0.0))
        return canvas


def layer_size(size: Size) -> Size:
    """The size of a layer for pictures of `size`."""
    return Size(size.height, round(WIDER * size.width))


def backdrop(colour: Canvas, slide: float) -> Layer:
    """A layer that covers all."""
    return layer_of(colour, np.ones(colour.shape[:2], np.float32), slide)


def layer_of(colour: Canvas, cover: Mask, slide: float) -> Layer:
    """A layer of its colour where `cover` has it, the empty rows above left out, its ends joined."""
    covered = np.flatnonzero(cover.max(axis=1) > 0)
    top = int(covered[0]) if len(covered) else 0
    colour, cover = colour[top:], cover[top:]
    texture = np.concatenate([colour * cover[..., None], cover[..., None]], axis=2).astype(np.float32)
    width = texture.shape[1]
    seam = width // SEAM
    ramp = np.linspace(0, 1, seam, dtype=np.float32)[:, None]
    texture[:, width - seam :] = texture[:, width - seam :] * (1 - ramp) + texture[:, seam - 1 :: -1] * ramp
    return Layer(texture, slide, top, bool(cover.min() >= 1))


Fade = tuple[Colour, Colour, Colour]  # zenith, middle, horizon
SKIES: dict[Light, tuple[Fade, ...]] = {
    "day": (
        ((0.22, 0.42, 0.72), (0.45, 0.63, 0.84), (0.80, 0.87, 0.92)),
        ((0.50, 0.55, 0.60), (0.64, 0.67, 0.70), (0.80, 0.81, 0.82)),
    ),
    "dusk": (
        ((0.17, 0.22, 0.42), (0.62, 0.42, 0.50), (1.00, 0.72, 0.42)),
        ((0.30, 0.26, 0.42), (0.80, 0.48, 0.36), (0.96, 0.62, 0.30)),
    ),
    "night": (
        ((0.02, 0.03, 0.07), (0.04, 0.06, 0.12), (0.10, 0.12, 0.20)),
        ((0.03, 0.03, 0.05), (0.06, 0.05, 0.08), (0.20, 0.13, 0.10)),
    ),
    "indoors": (
        ((0.30, 0.28, 0.26), (0.42, 0.38, 0.34), (0.50, 0.45, 0.40)),
        ((0.20, 0.24, 0.28), (0.30, 0.34, 0.38), (0.40, 0.43, 0.46)),
    ),
}
BRIGHTNESS: dict[Light, float] = {"day": 1.0, "dusk": 0.55, "night": 0.24, "indoors": 0.75}
CLOUDY, WITH_SUN, MOST_STARS = 0.75, 0.5, 90


def draw_sky(rng: np.random.Generator, light: Light, size: Size, horizon: float) -> Canvas:
    """A sky down to the horizon (share of the height), as wide as a layer: [H, WIDER · W, 3]."""
    wide = layer_size(size)
    zenith, middle, low = SKIES[light][int(rng.integers(len(SKIES[light])))]
    down = axes(*wide).y / np.float32(horizon * size.height)  # 0 zenith … 1 horizon
    canvas = gradient(((0, zenith), (0.55, middle), (1.0, low)), down)
    if light == "night":
        _stars(rng, canvas, horizon)
    if rng.random() < WITH_SUN and light != "indoors":
        _sun(rng, canvas, light, horizon)
    return (
        _clouded(rng, canvas, down, between(low, (1, 1, 1), 0.4 * BRIGHTNESS[light]))
        if rng.random() < CLOUDY
        else canvas
    )


def _stars(rng: np.random.Generator, canvas: Canvas, horizon: float) -> None:
    height, width = canvas.shape[:2]
    for x, y, bright in rng.random((int(rng.integers(MOST_STARS)), 3)):
        canvas[int(y * horizon * (height - 1)), int(x * (width - 1))] += np.float32(0.6 * bright)


def _sun(rng: np.random.Generator, canvas: Canvas, light: Light, horizon: float) -> None:
    """The sun, or the moon."""
    height, width = canvas.shape[:2]
    x, y = float(rng.uniform(0.1, 0.5)) * width, float(rng.uniform(0.2, 0.95)) * horizon * height
    colour, halo = ((0.8, 0.85, 1.0), 0.12) if light == "night" else ((1.0, 0.85, 0.6), 0.3)
    glow(canvas, x, y, 0.35 * height, colour, halo)
    glow(canvas, x, y, 0.045 * height, colour, 1.2)


def _clouded(rng: np.random.Generator, canvas: Canvas, down: Mask, colour: Colour) -> Canvas:
    """Clouds that thin out towards the horizon, darker below."""
    height, width = canvas.shape[:2]
    cell = (float(rng.uniform(0.6, 2.0)) * height, float(rng.uniform(0.15, 0.5)) * height)
    field = noise(rng, Size(height, width), cell=cell, octaves=5)
    cover = smoothstep(float(rng.uniform(0.3, 0.6)), 0.9, field) * smoothstep(1.0, 0.8, down)
    lit = np.clip(0.6 + 5 * (field - np.roll(field, -4, axis=0)), 0.2, 1)
    return mixed(canvas, lit[..., None] * np.asarray(colour, np.float32), 0.85 * cover)


class Rainfall:
    """Rain or snow before the camera, or none."""

    def __init__(self, rng: np.random.Generator, *, chance: float, wanted: Weather | None = None) -> None:
        drawn: Weather = ("rain", "snow")[int(rng.integers(2))] if rng.random() < chance else "none"
        self._kind = wanted or drawn
        self._drops = rng.random((int(rng.integers(60, 240)), 3))
        self._slant = float(rng.uniform(-0.4, 0.4))

    def paint(self, canvas: Canvas, time_seconds: float) -> None:
        """Into the canvas, at an instant."""
        if self._kind == "none":
            return
        height, width = canvas.shape[:2]
        layer = np.zeros((height, width), np.uint8)
        rain = self._kind == "rain"
        speed, long = (2.2, 0.07) if rain else (0.22, 0.0)
        for x0, y0, depth in self._drops:
            near = 0.4 + 0.6 * depth
            y = ((y0 + speed * near * time_seconds) % 1.2 - 0.1) * height
            wander = 0.0 if rain else 0.03 * np.sin(2 * time_seconds + 40 * depth)
            x = ((x0 - self._slant * speed * near * time_seconds * height / width + wander) % 1.0) * width
            if rain:
                ends = np.array([(x, y), (x - self._slant * long * near * height, y + long * near * height)])
                one, other = np.round(ends * 2**SHIFT).astype(int).tolist()
                cv2.line(layer, one, other, int(60 + 110 * depth), max(1, round(height / 400)), cv2.LINE_AA, SHIFT)
            else:
                place = [round(x * 2**SHIFT), round(y * 2**SHIFT)]
                cv2.circle(
                    layer,
                    place,
                    round((0.4 + 1.2 * depth) * height / 180 * 2**SHIFT),
                    int(90 + 150 * depth),
                    -1,
                    cv2.LINE_AA,
                    SHIFT,
                )
        strength = (0.3 if rain else 0.8) * float(np.clip(2 * canvas[::8, ::8].mean(), 0.2, 1))
        canvas += tinted((0.85, 0.92, 1.0), layer * np.float32(strength / 255))
