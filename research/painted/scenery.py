"""Takes of scenery that only drift: landscapes in a slow pan, a city by night, the sea, with the weather of the day."""

from __future__ import annotations

import cv2
import numpy as np

from research.painted.canvas import SHIFT, Canvas, Size, axes, shifted, smoothstep, stroke, tinted
from research.painted.layers import backdrop
from research.painted.outdoors import draw_hills, draw_street, draw_wood
from research.painted.sky import BRIGHTNESS, draw_sky
from research.painted.storyboard import Light, Take
from research.painted.timing import Timing

SLOW = (0.0, 0.05)  # picture heights per second
WAVES = (
    (5.1, 1.7, -1.3, 1.0),
    (-7.3, 2.9, -1.7, 1.0),
    (13.0, 5.3, 2.4, 0.8),
    (23.0, -9.1, 2.9, 0.6),
)  # along, out, rate, height


class Weather:
    """Rain or snow before the camera, or none."""

    def __init__(self, rng: np.random.Generator, *, chance: float) -> None:
        self._kind = str(rng.choice(["rain", "snow"])) if rng.random() < chance else "none"
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
                cv2.line(layer, one, other, int(60 + 110 * depth), 1, cv2.LINE_AA, SHIFT)
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


class Landscape:
    """A place in a slow pan, its clouds drifting by themselves."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng, place = np.random.default_rng(take.seed), np.random.default_rng(take.place_seed)
        draws = (draw_street,) if take.subject == "city" else (draw_hills,) * 5 + (draw_wood,)
        self._scape = draws[int(place.integers(len(draws)))](place, take.light, size)
        self._size = size
        self._weather = Weather(place, chance=0.3)
        self._from = float(rng.uniform(0, size.width))
        self._pan = float(rng.uniform(*SLOW)) * size.height * float(rng.choice([-1, 1]))
        self._drift = float(rng.uniform(0, 0.02)) * size.height
        self._zoom = float(rng.choice([0.0, 0.006, 0.015]))
        self._start_seconds = take.start_seconds

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        since = time_seconds - self._start_seconds
        canvas = self._scape.painted(self._size, self._from + self._pan * since, drift=self._drift * since)
        canvas = shifted(canvas, 0, 0, zoom=1 + self._zoom * since) if self._zoom else canvas
        self._weather.paint(canvas, time_seconds)
        return canvas


class Sea:
    """The sky over water that mirrors it, waves that shorten towards the horizon, gulls."""

    def __init__(self, take: Take, timing: Timing, size: Size) -> None:
        rng, place = np.random.default_rng(take.seed), np.random.default_rng(take.place_seed)
        light: Light = "day" if take.light == "indoors" else take.light
        self._size, self._light = size, light
        self._horizon = round(float(place.uniform(0.35, 0.65)) * size.height)
        self._sky = backdrop(draw_sky(place, light, size, self._horizon / size.height), 1.0)
        self._water = place.uniform(0.55, 0.8, 3).astype(np.float32) * np.array([0.85, 1.0, 1.1], np.float32)
        self._swell = float(place.uniform(0.5, 1.6))
        self._weather = Weather(place, chance=0.2)
        self._from, self._pan = float(rng.uniform(0, size.width)), float(rng.uniform(-0.04, 0.04)) * size.height
        self._gulls = rng.random((int(rng.integers(0, 9)), 4))
        self._start_seconds = take.start_seconds

    def paint(self, time_seconds: float) -> Canvas:
        """[H, W, 3] at an instant."""
        canvas = np.zeros((*self._size, 3), np.float32)
        self._sky.onto(canvas, self._from + self._pan * (time_seconds - self._start_seconds))
        self._waves(canvas, time_seconds)
        for gull in self._gulls:
            self._gull(canvas, gull, time_seconds)
        self._weather.paint(canvas, time_seconds)
        return canvas

    def _waves(self, canvas: Canvas, time_seconds: float) -> None:
        height, width = self._size
        top = self._horizon
        x, y = (axis[top:] for axis in axes(height, width))
        near = (y - top + 1) / (height - top)  # 0 far … 1 at our feet
        along, out = (
            (x - width / 2 + 0.5 * self._pan * time_seconds) / (0.06 * height + 0.7 * height * near),
            9 / (near + 0.06),
        )
        wave = np.zeros_like(x)
        for a, b, rate, tall in WAVES:
            wave += tall * np.sin(a * along + b * out + rate * time_seconds)
        wave *= np.float32(self._swell / 3.4)
        mirror = np.clip(top - (y - top) * 1.2 - 0.04 * height * wave * near**0.5, 0, top - 1).astype(np.float32)
        water = np.asarray(cv2.remap(canvas[:top], x, mirror, cv2.INTER_LINEAR), np.float32)
        canvas[top:] = water * self._water * (0.9 - 0.4 * near + 0.22 * wave)[..., None]
        crest = smoothstep(0.6, 1.1, wave) * 0.35 * BRIGHTNESS[self._light]
        canvas[top:] += crest[..., None]

    def _gull(
        self, canvas: Canvas, gull: np.ndarray[tuple[int, ...], np.dtype[np.float64]], time_seconds: float
    ) -> None:
        height, width = self._size
        size = (0.015 + 0.02 * gull[2]) * height
        x = ((gull[0] + (0.03 + 0.03 * gull[2]) * time_seconds) % 1.1 - 0.05) * width
        y = (0.1 + 0.6 * gull[1]) * self._horizon + 0.01 * height * np.sin(0.7 * time_seconds + 6 * gull[3])
        lift = 0.2 + 0.6 * np.sin(7 * time_seconds + 9 * gull[3])
        for side in (-1, 1):
            wing = np.array([(0, 0), (side * 0.6, -0.5 * lift - 0.1), (side * 1.3, -0.2 * lift)])
            stroke(canvas, wing * size + (x, y), 0.25 * size, (0.15, 0.15, 0.2), end=0.06 * size)
