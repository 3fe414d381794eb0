"""The sky by day, at dusk and by night, with clouds, stars, sun and moon; and how bright things are below it."""

from __future__ import annotations

import numpy as np

from research.painted.canvas import Canvas, Colour, Mask, Size, axes, between, glow, gradient, mixed, noise, smoothstep
from research.painted.layers import wide_of
from research.painted.storyboard import Light

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
    wide = wide_of(size)
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
