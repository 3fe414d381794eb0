"""The camera and the laboratory: sway, shake, exposure, colour, vignette, grain, black bars."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from research.painted.canvas import Canvas, Mask, axes, shifted, smoothstep
from research.painted.storyboard import Grading
from research.painted.timing import Onset

SHAKE_SECONDS = 0.22
SHAKE_HEIGHTS = 0.06  # of the picture, at the strongest
GRAINS = 8  # patterns in turn


class Camera:
    """Turns painted light into the pictures of a film; holds the grain's patterns."""

    def __init__(self, grading: Grading, seed: int) -> None:
        self._grading = grading
        self._seed = seed
        self._phase = float(np.random.default_rng(seed).uniform(0, 6))

    def sway(self, canvas: Canvas, time_seconds: float) -> Canvas:
        """The picture as a hand holds it."""
        reach = self._grading.handheld * canvas.shape[0]
        if reach == 0:
            return canvas
        t = time_seconds + self._phase
        dx = reach * (np.sin(1.7 * t) + 0.6 * np.sin(4.1 * t + 1))
        dy = reach * (np.sin(2.3 * t + 2) + 0.5 * np.sin(5.3 * t))
        return shifted(canvas, dx, dy, zoom=1 + 2.5 * self._grading.handheld)

    def develop(self, canvas: Canvas, number: int) -> NDArray[np.uint8]:
        """Light [H, W, 3] to a picture of 8 bits; `number` chooses the grain."""
        grading, (height, width) = self._grading, canvas.shape[:2]
        gain = grading.exposure * np.exp(np.array([0.14, 0.02, -0.16]) * grading.warmth)
        light = canvas * (gain.astype(np.float32) * _vignette(height, width, grading.vignette)[..., None])
        if grading.saturation != 1:
            grey = (light @ np.array([0.2126, 0.7152, 0.0722], np.float32))[..., None]
            light = grey + (light - grey) * np.float32(grading.saturation)
        light = (light - np.float32(0.4)) * np.float32(grading.contrast) + np.float32(0.4)
        over = np.maximum(light - np.float32(0.8), 0)
        light = np.minimum(light, np.float32(0.8)) + over / (1 + 5 * over)  # a soft shoulder
        if grading.grain:
            light += np.float32(grading.grain) * _grain(height, width, self._seed % 1000, number % GRAINS)[..., None]
        bar = round(grading.bars * height)
        if bar:
            light[:bar] = light[height - bar :] = 0
        return np.asarray(cv2.convertScaleAbs(np.maximum(light, 0), alpha=255), np.uint8)


def shaken(canvas: Canvas, hits: tuple[Onset, ...], time_seconds: float) -> Canvas:
    """The picture as the camera is thrown by each hit: a fast, dying swing, the first picture the strongest."""
    dx = dy = 0.0
    for hit in hits:
        age = time_seconds - hit.time_seconds
        if 0 <= age < 5 * SHAKE_SECONDS:
            throw = SHAKE_HEIGHTS * canvas.shape[0] * hit.strength * np.exp(-age / SHAKE_SECONDS)
            dx += throw * np.sin(41 * age + 9 * hit.time_seconds)
            dy += throw * np.cos(57 * age)
    return canvas if abs(dx) + abs(dy) < 0.05 else shifted(canvas, dx, dy, zoom=1.03)


@lru_cache(maxsize=8)
def _vignette(height: int, width: int, amount: float) -> Mask:
    x, y = axes(height, width)
    far = np.hypot((x / width - 0.5) * 1.75, (y / height - 0.5) * 1.65)
    return np.asarray(1 - amount * smoothstep(0.45, 1.25, far), np.float32)


@lru_cache(maxsize=2 * GRAINS)
def _grain(height: int, width: int, seed: int, number: int) -> Mask:
    return np.random.default_rng([seed, number]).standard_normal((height, width), np.float32)
