"""Pictures made smaller, softer and moved, in NumPy: what OpenCV was used for on small pictures, without OpenCV.

Frames of films are scaled by PyAV, where they are decoded; this is for what comes after. Scaling by area and blurring are
separable and linear, so each is two products with a narrow matrix, made once for each size:

    smaller = A_down · picture · A_acrossᵀ
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Affine = NDArray[np.float64]  # [2, 3], from places (x, y, 1) of one picture to those of another

RED, GREEN, BLUE = 9798, 19235, 3735  # Rec. 601's weights of light, of 2¹⁵


def grey_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Light of a picture [H, W, 3], RGB: [H, W], Rec. 601, rounded as OpenCV rounds it."""
    red, green, blue = (image[..., channel].astype(np.int32) for channel in range(3))
    return ((red * RED + green * GREEN + blue * BLUE + (1 << 14)) >> 15).astype(np.uint8)


def by_area(image: NDArray[np.uint8] | Floats, height: int, width: int) -> Floats:
    """An image [H, W] or [H, W, channels] made smaller: each new pixel is the mean of what it covers. Not rounded."""
    rows, columns = image.shape[:2]
    pixels = image.astype(np.float32)
    if rows % height == 0 and columns % width == 0:  # whole blocks: sums of slices are faster than products
        return _block_means(pixels, rows // height, columns // width)
    return _both_ways(pixels, _coverage(rows, height), _coverage(columns, width))


def blurred(image: NDArray[np.uint8] | Floats, sigma: float) -> Floats:
    """An image [H, W] under a Gaussian of `sigma` pixels; beyond its edges it is mirrored. Not rounded."""
    rows, columns = image.shape[:2]
    return _both_ways(image.astype(np.float32), _gaussian(rows, sigma), _gaussian(columns, sigma))


def slope_across(grey: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Sobel's slope from left to right of a picture [H, W]; beyond its edges it is mirrored. Up to 4 · 255."""
    padded = np.pad(grey.astype(np.int16), 1, mode="reflect")
    steps = padded[:, 2:] - padded[:, :-2]
    return np.asarray(steps[:-2] + 2 * steps[1:-1] + steps[2:], np.int16)


def moved(image: Floats, affine: Affine) -> tuple[Floats, NDArray[np.bool_]]:
    """An image [H, W] as the motion `affine` carries it, bilinear, and where it has come from inside the picture, [H, W]."""
    height, width = image.shape
    back = np.linalg.inv(np.concatenate([affine, [[0.0, 0.0, 1.0]]])).astype(np.float32)
    across, down = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    x = back[0, 0] * across + back[0, 1] * down + back[0, 2]
    y = back[1, 0] * across + back[1, 1] * down + back[1, 2]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return bilinear(image, x, y), inside


def bilinear(image: Floats, x: Floats, y: Floats) -> Floats:
    """Values of an image [H, W] at places [...] between its pixels; beyond its edges they repeat."""
    height, width = image.shape
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left = np.minimum(x.astype(np.int32), max(width - 2, 0))
    top = np.minimum(y.astype(np.int32), max(height - 2, 0))
    right_share, low_share = x - left, y - top
    flat, first = image.reshape(-1), top * width + left
    right, down = int(width > 1), width * int(height > 1)
    upper = flat[first] + right_share * (flat[first + right] - flat[first])
    lower = flat[first + down] + right_share * (flat[first + down + right] - flat[first + down])
    return np.asarray(upper + low_share * (lower - upper), np.float32)


def _block_means(pixels: Floats, down: int, across: int) -> Floats:
    total = np.zeros((pixels.shape[0] // down, pixels.shape[1] // across, *pixels.shape[2:]), np.float32)
    for i in range(down):
        for j in range(across):
            total += pixels[i::down, j::across]
    return np.asarray(total / (down * across), np.float32)


def _both_ways(pixels: Floats, down: Floats, across: Floats) -> Floats:
    """down [H', H] · pixels [H, W, …] · acrossᵀ [W, W']."""
    rows, columns, *rest = pixels.shape
    tall = (down @ pixels.reshape(rows, -1)).reshape(len(down), columns, *rest)
    wide = across @ np.moveaxis(tall, 1, 0).reshape(columns, -1)
    return np.ascontiguousarray(np.moveaxis(wide.reshape(len(across), len(down), *rest), 0, 1))


@lru_cache(maxsize=32)
def _coverage(size: int, smaller: int) -> Floats:
    """[smaller, size]: which share of each new pixel each old one covers."""
    edges = np.linspace(0, size, smaller + 1)
    old = np.arange(size)
    shared = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.asarray(np.maximum(shared, 0) * smaller / size, np.float32)


@lru_cache(maxsize=32)
def _gaussian(size: int, sigma: float) -> Floats:
    """[size, size]: a Gaussian four deviations wide around each pixel, mirrored about the first and last."""
    reach = min(int(4 * sigma + 0.5), size - 1)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    places = np.arange(size)[:, None] + np.arange(-reach, reach + 1)
    mirrored = np.abs(places)
    mirrored = np.where(mirrored > size - 1, 2 * (size - 1) - mirrored, mirrored)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.broadcast_to(np.arange(size)[:, None], mirrored.shape), mirrored), taps / taps.sum())
    return matrix.astype(np.float32)
