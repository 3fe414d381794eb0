"""Paint for the pictures: soft masks, blended shapes, light, clouds of noise, and the way from light to 8 bits.

A canvas is [H, W, 3] float32, RGB, 1 is white on the screen and more is brighter still until `developed`.
Masks are [H, W] in 0…1. Positions are in pixels from the upper left, as (x, y).
"""

from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from research.demo.story import HEIGHT, WIDTH

Canvas = NDArray[np.float32]
Mask = NDArray[np.float32]
Colour = tuple[float, float, float]
SHIFT = 5  # OpenCV draws antialiased shapes at 1/32 pixel


def rgb(code: str) -> Colour:
    """A colour from its six hexadecimal digits."""
    return tuple(int(code[k : k + 2], 16) / 255 for k in (0, 2, 4))


def smoothstep(low: float, high: float, value: Mask) -> Mask:
    """0 below `low`, 1 above `high` (or the reverse where low > high), smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mixed(a: Canvas, b: Canvas, amount: Mask) -> Canvas:
    """From `a` to `b`; `amount` is [H, W] or one number."""
    amount = np.asarray(amount, np.float32)
    amount = amount[..., None] if amount.ndim == 2 else amount
    return a + (np.asarray(b, np.float32) - a) * amount


def gradient(stops: tuple[tuple[float, str], ...], value: Mask) -> Canvas:
    """Colour by value: stops of (value, hexadecimal), straight between."""
    at = [stop for stop, _ in stops]
    colours = np.array([rgb(code) for _, code in stops])
    return np.stack([np.interp(value, at, colours[:, c]) for c in range(3)], axis=-1).astype(np.float32)


@cache
def grid(height: int = HEIGHT, width: int = WIDTH) -> tuple[Mask, Mask]:
    """The x and y of every pixel."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x, y


def noise(height: int, width: int, *, cell: tuple[float, float], octaves: int, seed: int) -> Mask:
    """Fractal noise in 0…1 whose coarsest cells are `cell` (wide, high) pixels."""
    rng = np.random.default_rng(seed)
    field, weight = np.zeros((height, width), np.float32), 1.0
    for octave in range(octaves):
        rows, columns = (int(size * 2**octave / side) + 3 for size, side in ((height, cell[1]), (width, cell[0])))
        points = rng.random((rows, columns)).astype(np.float32)
        field += weight * cv2.resize(points, (width, height), interpolation=cv2.INTER_CUBIC)
        weight *= 0.5
    low, high = np.percentile(field, (0.5, 99.5))
    return np.clip((field - low) / (high - low), 0, 1)


def paint(canvas: Canvas, mask: NDArray[np.uint8], colour: Colour, opacity: float, box: tuple[slice, slice]) -> None:
    """Blend one colour into a part of the canvas through an 8-bit mask of that part."""
    amount = mask.astype(np.float32)[..., None] * (opacity / 255)
    canvas[box] += (np.asarray(colour, np.float32) - canvas[box]) * amount


def _box(points: NDArray[np.float64], margin: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    x0, y0 = np.floor(points.min(axis=0) - margin).astype(int)
    x1, y1 = np.ceil(points.max(axis=0) + margin).astype(int) + 1
    return slice(max(y0, 0), max(min(y1, shape[0]), 0)), slice(max(x0, 0), max(min(x1, shape[1]), 0))


def polygon(canvas: Canvas, points: object, colour: Colour, opacity: float = 1.0) -> None:
    """A filled shape with smooth edges."""
    outline = np.asarray(points, np.float64)
    box = _box(outline, 2, canvas.shape)
    mask = np.zeros((max(box[0].stop - box[0].start, 0), max(box[1].stop - box[1].start, 0)), np.uint8)
    if mask.size:
        local = np.round((outline - (box[1].start, box[0].start)) * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(mask, [local], 255, cv2.LINE_AA, SHIFT)
        paint(canvas, mask, colour, opacity, box)


def stroke(
    canvas: Canvas, points: object, width: float, colour: Colour, opacity: float = 1.0, *, end: float | None = None
) -> None:
    """A line of round ends through points, tapering from `width` to `end` pixels."""
    path = np.asarray(points, np.float64)
    widths = np.linspace(width, width if end is None else end, len(path))
    box = _box(path, max(width, end or 0) + 2, canvas.shape)
    mask = np.zeros((max(box[0].stop - box[0].start, 0), max(box[1].stop - box[1].start, 0)), np.uint8)
    if not mask.size:
        return
    local = path - (box[1].start, box[0].start)
    for (a, b), (wide, narrow) in zip(pairwise(local), pairwise(widths), strict=True):
        across = (b - a)[::-1] * (1, -1) / (np.hypot(*(b - a)) + 1e-9) / 2
        limb = np.array([a - across * wide, a + across * wide, b + across * narrow, b - across * narrow])
        cv2.fillPoly(mask, [np.round(limb * 2**SHIFT).astype(np.int32)], 255, cv2.LINE_AA, SHIFT)
    for point, wide in zip(local, widths, strict=True):
        cv2.circle(
            mask, np.round(point * 2**SHIFT).astype(int).tolist(), int(wide / 2 * 2**SHIFT), 255, -1, cv2.LINE_AA, SHIFT
        )
    paint(canvas, mask, colour, opacity, box)


def glow(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
    """Add light that falls off around a point; `radius` is where a third of it is left."""
    box = _box(np.array([[x, y]]), 3.2 * radius, canvas.shape)
    across, down = (a[box] for a in grid(*canvas.shape[:2]))
    light = np.exp(-((across - x) ** 2 + (down - y) ** 2) / radius**2) - np.exp(-(3.2**2))
    canvas[box] += strength * light.clip(0)[..., None] * np.asarray(colour, np.float32)


def puff(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, opacity: float) -> None:
    """A soft cloud of one colour."""
    box = _box(np.array([[x, y]]), 1.5 * radius, canvas.shape)
    across, down = (a[box] for a in grid(*canvas.shape[:2]))
    amount = opacity * smoothstep(1.0, 0.0, ((across - x) ** 2 + (down - y) ** 2) / (1.5 * radius) ** 2)
    canvas[box] = mixed(canvas[box], np.asarray(colour, np.float32), amount)


def soft(canvas: Canvas, sigma: float) -> Canvas:
    """Out of focus."""
    return cv2.GaussianBlur(canvas, (0, 0), sigma)


def shifted(canvas: Canvas, dx: float, dy: float, size: tuple[int, int] | None = None, zoom: float = 1.0) -> Canvas:
    """The canvas moved by parts of a pixel and enlarged about its middle, its edges stretched out."""
    height, width = size or canvas.shape[:2]
    matrix = np.array([[zoom, 0, dx + (1 - zoom) * width / 2], [0, zoom, dy + (1 - zoom) * height / 2]])
    return cv2.warpAffine(canvas, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def bloomed(canvas: Canvas, strength: float = 0.25, above: float = 0.75) -> Canvas:
    """Light spills around what is bright."""
    small = cv2.resize(np.maximum(canvas - above, 0), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    spill = cv2.GaussianBlur(small, (0, 0), 6) + 0.6 * cv2.GaussianBlur(small, (0, 0), 24)
    return canvas + strength * cv2.resize(spill, canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)


@cache
def _vignette() -> Mask:
    x, y = grid()
    return 1 - 0.30 * smoothstep(0.45, 1.25, np.hypot((x / WIDTH - 0.5) * 1.6, (y / HEIGHT - 0.5) * 1.5) * 1.1)


@cache
def _dither() -> Mask:
    """0…1 against bands in smooth light: interleaved gradient noise (Jimenez, 2014)."""
    x, y = grid()
    return np.modf(52.98 * np.modf(0.0671 * x + 0.00584 * y)[0])[0].astype(np.float32)


def developed(canvas: Canvas) -> NDArray[np.uint8]:
    """From light to the screen: darker corners, a soft shoulder above 0.8, a fixed dither against bands."""
    light = np.maximum(canvas, 0) * _vignette()[..., None]
    over = np.maximum(light - 0.8, 0)
    light = np.minimum(light, 0.8) + 0.2 * (1 - np.exp(-over / 0.2))
    return np.clip(light * 255 + _dither()[..., None], 0, 255).astype(np.uint8)
