"""Paint: soft masks, filled shapes and strokes, light, clouds of noise.

A canvas is [H, W, 3] float32, RGB, 1 is white on the screen, more is brighter still until it is developed. Masks are
[H, W] in 0…1. Positions are picture points from the upper left, as (x, y). Every shape is blended within its own small
box, so that painting costs what it covers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Canvas = NDArray[np.float32]  # [H, W, 3]
Mask = NDArray[np.float32]  # [H, W]
Colour = tuple[float, float, float]
Box = tuple[slice, slice]
SHIFT = 4  # OpenCV draws smooth shapes at 1/16 point


class Axes(NamedTuple):
    """Where each point of a picture lies, [H, W] each."""

    x: Mask
    y: Mask


class Size(NamedTuple):
    """Of a picture, in points."""

    height: int
    width: int


@lru_cache(maxsize=16)
def axes(height: int, width: int) -> Axes:
    """The x and y of every point."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return Axes(x, y)


def smoothstep(low: float, high: float, value: ArrayLike) -> Mask:
    """0 below `low`, 1 above `high` (or the reverse where low > high), smooth between."""
    t = np.clip((np.asarray(value, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mixed(ground: Canvas, paint: ArrayLike, amount: Mask) -> Canvas:
    """From `ground` to `paint` (a canvas or a colour) by a mask."""
    return np.asarray(ground + (np.asarray(paint, np.float32) - ground) * amount[..., None], np.float32)


def tinted(colour: Sequence[float], factor: ArrayLike) -> Canvas:
    """One colour times a mask: [H, W, 3]."""
    return np.asarray(np.asarray(factor, np.float32)[..., None] * np.asarray(colour, np.float32))


def gradient(stops: Sequence[tuple[float, Colour]], value: Mask) -> Canvas:
    """Colour by value: stops of (value, colour), straight between."""
    at = [stop for stop, _ in stops]
    channels = [np.interp(value, at, [colour[c] for _, colour in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def scaled(colour: Sequence[float], factor: float) -> Colour:
    """A darker or brighter colour."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def between(one: Sequence[float], other: Sequence[float], share: float) -> Colour:
    """A colour on the way from one to another."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def noise(rng: np.random.Generator, size: Size, *, cell: tuple[float, float], octaves: int = 4) -> Mask:
    """Fractal noise in 0…1 whose coarsest cells are `cell` (wide, high) points."""
    field = np.zeros(size, np.float32)
    for octave in range(octaves):
        rows, columns = (int(n * 2**octave / c) + 3 for n, c in ((size.height, cell[1]), (size.width, cell[0])))
        points = rng.random((rows, columns), np.float32)
        field += 0.5**octave * np.asarray(cv2.resize(points, size[::-1], interpolation=cv2.INTER_CUBIC))
    low, high = np.percentile(field[::3, ::3], (0.5, 99.5))
    return np.asarray(np.clip((field - low) / (high - low + 1e-6), 0, 1), np.float32)


def polygon(canvas: Canvas, points: ArrayLike, colour: Sequence[float], opacity: float = 1.0) -> None:
    """A filled shape with smooth edges."""
    outline = np.asarray(points, np.float64)
    box = _box(outline, 2, canvas)
    mask = _empty(box)
    if mask.size:
        cv2.fillPoly(mask, [_local(outline, box)], 255, cv2.LINE_AA, SHIFT)
        _blend(canvas, mask, colour, opacity, box)


def stroke(
    canvas: Canvas, points: ArrayLike, width: float, colour: Sequence[float], opacity: float = 1.0, *, end: float = -1.0
) -> None:
    """A line of round ends through points, tapering from `width` to `end` points (as wide everywhere without)."""
    path = np.asarray(points, np.float64)
    widths = np.linspace(width, width if end < 0 else end, len(path))
    box = _box(path, max(width, end) + 2, canvas)
    mask = _empty(box)
    if not mask.size:
        return
    for (a, b), (wide, narrow) in zip(pairwise(path), pairwise(widths), strict=True):
        across = (b - a)[::-1] * (1, -1) / (np.hypot(*(b - a)) + 1e-9) / 2
        limb = np.array([a - across * wide, a + across * wide, b + across * narrow, b - across * narrow])
        cv2.fillPoly(mask, [_local(limb, box)], 255, cv2.LINE_AA, SHIFT)
    for point, wide in zip(_local(path, box).tolist(), widths, strict=True):
        cv2.circle(mask, point, int(wide / 2 * 2**SHIFT), 255, -1, cv2.LINE_AA, SHIFT)
    _blend(canvas, mask, colour, opacity, box)


def disc(canvas: Canvas, x: float, y: float, radius: float, colour: Sequence[float], opacity: float = 1.0) -> None:
    """A filled circle with a smooth edge."""
    centre = np.array([[x, y]])
    box = _box(centre, radius + 2, canvas)
    mask = _empty(box)
    if mask.size:
        place = _local(centre, box)[0].tolist()
        cv2.circle(mask, place, int(radius * 2**SHIFT), 255, -1, cv2.LINE_AA, SHIFT)
        _blend(canvas, mask, colour, opacity, box)


def glow(canvas: Canvas, x: float, y: float, radius: float, colour: Sequence[float], strength: float) -> None:
    """Add light that falls off around a point; `radius` is where a third of it is left."""
    amount, box = _bell(canvas, x, y, radius)
    canvas[box] += tinted(colour, strength * amount)


def puff(canvas: Canvas, x: float, y: float, radius: float, colour: Sequence[float], opacity: float) -> None:
    """A soft cloud of one colour."""
    amount, box = _bell(canvas, x, y, radius)
    canvas[box] = mixed(canvas[box], colour, opacity * amount)


def soft(canvas: Canvas, sigma: float) -> Canvas:
    """Out of focus by so many points; strong blurs are made at a smaller size."""
    if sigma < 0.3:
        return canvas
    if sigma < 4:
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), sigma), np.float32)
    height, width = canvas.shape[:2]
    small = cv2.resize(canvas, (max(width // 4, 2), max(height // 4, 2)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def shifted(canvas: Canvas, dx: float, dy: float, *, size: Size | None = None, zoom: float = 1.0) -> Canvas:
    """The canvas [H, W] or [H, W, C] moved by parts of a point and enlarged about its middle, its edges drawn out."""
    height, width = size or canvas.shape[:2]
    matrix = np.array([[zoom, 0, dx + (1 - zoom) * width / 2], [0, zoom, dy + (1 - zoom) * height / 2]])
    moved = cv2.warpAffine(canvas, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _bell(canvas: Canvas, x: float, y: float, radius: float) -> tuple[Mask, Box]:
    """A bell around a point, cut off where little is left, and the part of the canvas that it covers."""
    box = _box(np.array([[x, y]]), 2.2 * radius, canvas)
    across = np.arange(box[1].start, box[1].stop, dtype=np.float32) - np.float32(x)
    down = np.arange(box[0].start, box[0].stop, dtype=np.float32) - np.float32(y)
    bell = np.exp(-((down / radius) ** 2))[:, None] * np.exp(-((across / radius) ** 2))
    return np.maximum(bell - np.float32(0.008), 0).astype(np.float32), box


def _box(points: NDArray[np.float64], margin: float, canvas: Canvas) -> Box:
    height, width = canvas.shape[:2]
    (x0, y0), (x1, y1) = np.floor(points.min(axis=0) - margin), np.ceil(points.max(axis=0) + margin) + 1
    return (
        slice(int(np.clip(y0, 0, height)), int(np.clip(y1, 0, height))),
        slice(int(np.clip(x0, 0, width)), int(np.clip(x1, 0, width))),
    )


def _empty(box: Box) -> NDArray[np.uint8]:
    return np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint8)


def _local(points: NDArray[np.float64], box: Box) -> NDArray[np.int32]:
    return np.asarray(np.round((points - (box[1].start, box[0].start)) * 2**SHIFT), np.int32)


def _blend(canvas: Canvas, mask: NDArray[np.uint8], colour: Sequence[float], opacity: float, box: Box) -> None:
    amount = mask.astype(np.float32) * np.float32(opacity / 255)
    canvas[box] = mixed(canvas[box], colour, amount)
