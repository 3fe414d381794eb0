"""Small pictures in NumPy: scaling, blurring, warping, and lettering found in them.

Pictures made smaller, softer and moved, in NumPy: what OpenCV was used for on small pictures, without OpenCV.

Frames of films are scaled by PyAV, where they are decoded; this is for what comes after. Scaling by area and blurring are
separable and linear, so each is two products with a narrow matrix, made once for each size:

    smaller = A_down · picture · A_acrossᵀ

Lettering: many small strokes of one ink side by side in a line, on plain ground above and below.

    upright strokes → joined across gaps of a few pixels → connected regions → long low bars, well filled, set off by their ink

Evidence only, nothing is read. Titles and captions of ordinary size are seen; letters higher than a fifth of the picture are
not, and the windows of a façade may be taken for text. Regions are found by runs of pixels, which are joined where they touch
those of the next row: each run takes the smallest number among its neighbours, and of that one's, until nothing changes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

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


Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]

STROKE = 45  # grey levels that a stroke's flank must rise or fall
JOIN = 4  # pixels to either side over which strokes belong together
SHORTEST = 16  # picture points of 180
FILLED, STROKED = 0.45, 0.12  # least share of the bar after and before joining
EVEN, INK = 22, 60  # grey levels: the ground varies less, the ink stands out more


class _Bar(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    filled: int


def text_share(grey: Grey) -> float:
    """Share of a picture [H, W] that lines of text cover, 0…1."""
    flanks = np.abs(slope_across(grey)) > 4 * STROKE  # [H, W]
    boxes = regions(closed_across(flanks, JOIN))
    bars = [_Bar(*box) for box in boxes[boxes[:, 2] >= SHORTEST].tolist()]
    lines = (bar for bar in bars if _is_long_and_low(bar, grey) and _is_lettered(bar, grey, flanks))
    return min(1.0, sum(bar.width * bar.height for bar in lines) / grey.size)


def _is_long_and_low(bar: _Bar, grey: Grey) -> bool:
    long = bar.width >= 2.5 * bar.height and bar.width <= 0.8 * grey.shape[1]
    return long and 4 <= bar.height <= grey.shape[0] // 5 and bar.filled >= FILLED * bar.width * bar.height


def _is_lettered(bar: _Bar, grey: Grey, flanks: Mask) -> bool:
    gap = max(3, bar.height // 2)
    top, bottom, across = bar.y, bar.y + bar.height, slice(bar.x, bar.x + bar.width)
    inside = grey[top:bottom, across]
    ground = np.concatenate(
        [grey[max(0, top - gap) : max(0, top - 1), across], grey[bottom + 1 : bottom + gap, across]]
    )
    if ground.size == 0 or float(ground.std()) > EVEN or float(flanks[top:bottom, across].mean()) < STROKED:
        return False
    dark, bright = np.percentile(inside, (5, 95))
    level = float(np.median(ground))
    return bool(max(bright - level, level - dark) > INK)


def closed_across(mask: Mask, reach: int) -> Mask:
    """A mask [H, W] whose gaps within a row of at most 2 · `reach` pixels are filled."""
    return ~_grown_across(~_grown_across(mask, reach), reach)


def regions(mask: Mask) -> Numbers:
    """The regions of a mask [H, W] whose pixels share sides: [R, 5], left, top, width, height and pixels of each."""
    row, start, end = _runs(mask)
    if len(row) == 0:
        return np.zeros((0, 5), np.intp)
    number = _joined(len(row), *_touching(row, start, end))
    _, which = np.unique(number, return_inverse=True)
    count = int(which.max()) + 1
    left, top = np.full(count, mask.shape[1]), np.full(count, mask.shape[0])
    right, bottom, pixels = np.zeros((3, count), np.intp)
    np.minimum.at(left, which, start)
    np.minimum.at(top, which, row)
    np.maximum.at(right, which, end)
    np.maximum.at(bottom, which, row + 1)
    np.add.at(pixels, which, end - start)
    return np.stack([left, top, right - left, bottom - top, pixels], axis=1)


def _grown_across(mask: Mask, reach: int) -> Mask:
    grown = mask.copy()
    for step in range(1, reach + 1):
        grown[:, step:] |= mask[:, :-step]
        grown[:, :-step] |= mask[:, step:]
    return grown


def _runs(mask: Mask) -> tuple[Numbers, Numbers, Numbers]:
    """Row, first column and the column after the last of each run, row by row."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, start = np.nonzero(steps == 1)
    _, end = np.nonzero(steps == -1)
    return row, start, end


def _touching(row: Numbers, start: Numbers, end: Numbers) -> tuple[Numbers, Numbers]:
    """Pairs of runs in neighbouring rows that share a column."""
    # On one line, row after row, the runs of the next row that a run touches lie side by side.
    line = int(end.max()) + 2
    first = np.searchsorted(row * line + end, (row + 1) * line + start, side="right")
    last = np.searchsorted(row * line + start, (row + 1) * line + end, side="left")
    counts = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(row)), counts)
    below = np.repeat(first, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return above, below


def _joined(count: int, one: Numbers, other: Numbers) -> Numbers:
    """For each of `count` runs the smallest number of all that are connected with it by pairs."""
    number = np.arange(count)
    while True:
        least = np.minimum(number[one], number[other])
        earlier = number.copy()
        np.minimum.at(number, number[one], least)
        np.minimum.at(number, number[other], least)
        number = number[number]
        if np.array_equal(number, earlier):
            return number
