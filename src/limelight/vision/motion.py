"""Motion between two pictures: the camera's, and that of things.

How the camera moved between two pictures: pan, roll and zoom as one similarity z' = a z + b, in NumPy.

    whole pictures → one shift by phase correlation (for quick pans), beside no shift at all
    a quarter, half, whole size → what is left of the difference, along its slopes → a little less, up to five times each
    blocks of the picture → believed where most that have texture, all over the picture, come out alike

Phase correlation: Kuglin and Hines 1975. The steps are Lucas and Kanade's (1981) on the whole picture, in the form in which
slopes are measured once (Baker and Matthews 2004); what moves by itself weighs less. This stands in for OpenCV's corners,
pyramidal Lucas–Kanade and estimateAffinePartial2D. Places are complex numbers, right and down.

What changed between two pictures, the camera's motion told apart from what moves in the picture.

    earlier picture, moved as the camera was (`camera_motion`) and set to the later one's light → difference → motion of things

The camera's motion is looked for where something changed at all, and taken only where it explains clearly more than a still
camera does. Two pictures that lie far apart in time still say whether they match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limelight.vision.frames import Image, View
from limelight.vision.images import Affine, Floats, bilinear, by_area, moved

STILL: Affine = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
SIZES = (4, 2, 1)  # how many times smaller; the coarsest first
SMALLEST = 48  # pixels
STEPS, SMALL_STEP = 5, 0.01  # at most, and pixels of the last one
MOST_PLACES = 2500  # at which the difference is looked at
OWN_MOTION = 6.0  # grey levels of difference at which a place counts half
COARSE_SHIFT = 1.5  # pixels; a smaller one is found without help
SMOOTH = 0.35  # cycles a pixel: above, coding and noise rule
BLOCK = 16  # pixels
TEXTURED = 4.0  # grey levels of deviation: a plain block says nothing
ALIKE = 0.5  # of a block's deviation is left at most
LEAST_BLOCKS, LEAST_AGREEING, LEAST_SPREAD = 6, 0.4, 0.12
MOST_SCALE = 1.4


def camera_motion(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Affine:
    """The similarity that carries the earlier picture [H, W] to the later one; STILL where no one is believed."""
    if min(before.shape) < SMALLEST:
        return STILL
    height, width = (size - size % SIZES[0] for size in before.shape)
    steps = [_Step.of(before[:height, :width], after[:height, :width], times) for times in SIZES]
    shift = _whole_shift(*(by_area(image[:height, :width], height // 2, width // 2) for image in (before, after))) * 2
    starts = (_Similarity(1, 0), _Similarity(1, shift)) if abs(shift) > COARSE_SHIFT else (_Similarity(1, 0),)
    found = min((steps[0].fitted(start) for start in starts), key=steps[0].left)
    for step in steps[1:]:
        found = step.fitted(found)
    if not 1 / MOST_SCALE < abs(found.a) < MOST_SCALE or not _is_believed(steps[1], found):
        return STILL
    a, b = found.a, found.b
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


@dataclass(frozen=True)
class _Similarity:
    """z' = a z + b."""

    a: complex
    b: complex

    def origins(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where places come from."""
        back = 1 / self.a
        first = -self.b * back
        right, down, u, v = (np.float32(value) for value in (back.real, back.imag, first.real, first.imag))
        return right * x - down * y + u, right * y + down * x + v

    def smaller(self, times: int) -> _Similarity:
        """The same for pictures that are some times smaller: the middle of their first pixel lies between old ones."""
        first = (times - 1) / 2 * (1 + 1j)
        return _Similarity(self.a, (self.a * first + self.b - first) / times)

    def larger(self, times: int) -> _Similarity:
        """The same for pictures that are some times larger."""
        first = (times - 1) / 2 * (1 + 1j)
        return _Similarity(self.a, times * self.b + first - self.a * first)


@dataclass(frozen=True)
class _Step:
    """Two pictures at one size, and the places of the later one at which they are compared."""

    times: int  # how many times smaller than the whole size
    earlier: Floats  # [H, W]
    later: Floats
    x: Floats  # [P]
    y: Floats
    values: Floats  # [P], of the later picture
    slopes: Floats  # [4, P]: of its difference by zoom, turn and shift, about the middle

    @staticmethod
    def of(before: NDArray[np.uint8], after: NDArray[np.uint8], times: int) -> _Step:
        height, width = before.shape[0] // times, before.shape[1] // times
        earlier, later = by_area(before, height, width), by_area(after, height, width)
        down, right = np.gradient(later, axis=0), np.gradient(later, axis=1)
        every = max(1, int(np.ceil(np.sqrt(later.size / MOST_PLACES))))
        y, x = (
            part[every // 2 :: every, every // 2 :: every].ravel()
            for part in np.mgrid[:height, :width].astype(np.float32)
        )
        down, right, values = (part[every // 2 :: every, every // 2 :: every].ravel() for part in (down, right, later))
        u, v = x - np.float32(width / 2), y - np.float32(height / 2)
        slopes = np.stack([right * u + down * v, down * u - right * v, right, down])
        return _Step(times, earlier, later, x, y, values, slopes)

    def fitted(self, start: _Similarity) -> _Similarity:
        """The similarity, of whole-size pictures, that leaves less of the difference than the one it starts from."""
        found = start.smaller(self.times)
        middle = (self.earlier.shape[1] + 1j * self.earlier.shape[0]) / 2
        for _ in range(STEPS):
            left, weights = self._left(found)
            weighted = self.slopes * weights
            # later − moved ≈ −slope · (d z + e): weighted least squares for d and e.
            normal = weighted @ self.slopes.T + 1e-3 * np.eye(4)
            scale, turn, across, along = (-np.linalg.solve(normal, weighted @ left)).tolist()
            d, e = complex(scale, turn), complex(across, along)
            found = _Similarity((1 + d) * found.a, (1 + d) * (found.b - middle) + middle + e)
            if abs(d) * abs(middle) + abs(e) < SMALL_STEP or not 0.5 < abs(found.a) < 2:
                break
        return found.larger(self.times)

    def left(self, similarity: _Similarity) -> float:
        """How many grey levels are left at most places, where what moves by itself counts little."""
        left, weights = self._left(similarity.smaller(self.times))
        return float(np.abs(left[weights > 0]).mean()) if 4 * np.count_nonzero(weights) > len(weights) else np.inf

    def _left(self, found: _Similarity) -> tuple[Floats, Floats]:
        """Difference [P] of the later picture from the earlier one, moved so, and what it weighs; 0 from outside."""
        x, y = found.origins(self.x, self.y)
        height, width = self.earlier.shape
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        left = self.values - bilinear(self.earlier, x, y)
        left -= np.median(left[inside]) if inside.any() else np.float32(0)
        return left, np.asarray(inside / (1 + (left / OWN_MOTION) ** 2), np.float32)


def _is_believed(step: _Step, found: _Similarity) -> bool:
    """Whether most blocks with texture come out alike, and these are spread over the picture."""
    affine = found.smaller(step.times)
    height, width = step.earlier.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    across, down = affine.origins(x, y)
    left = step.later - bilinear(step.earlier, across, down)
    inside = (across >= 0) & (across <= width - 1) & (down >= 0) & (down <= height - 1)
    side = BLOCK // step.times
    texture, rest, seen = _blocks(step.later, side).std(axis=1), _blocks(left, side).std(axis=1), _blocks(inside, side)
    textured = (texture > TEXTURED) & seen.all(axis=1)
    agreeing = textured & (rest < ALIKE * texture)
    if agreeing.sum() < max(LEAST_BLOCKS, LEAST_AGREEING * textured.sum()):
        return False
    rows, columns = np.divmod(np.flatnonzero(agreeing), width // side)
    return bool(min(rows.std() / (height // side), columns.std() / (width // side)) >= LEAST_SPREAD)


def _blocks(image: NDArray[Any], side: int) -> NDArray[Any]:
    """The blocks of an image [H, W], row by row: [blocks, side²]; what is over at the end is left out."""
    rows, columns = image.shape[0] // side, image.shape[1] // side
    cut = image[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.swapaxes(1, 2).reshape(rows * columns, side * side)


def _whole_shift(earlier: Floats, later: Floats) -> complex:
    """By how many whole pixels the picture moved, right and down, by phase correlation."""
    height, width = earlier.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    one, other = (np.fft.rfft2((image - image.mean()) * window) for image in (earlier, later))
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    cross = np.conj(one) * other
    strength = np.abs(cross)
    damping = np.exp(-2 * ((down / SMOOTH) ** 2 + (right / SMOOTH) ** 2))
    likeness = np.fft.irfft2(cross / (strength + 1e-3 * strength.max() + 1e-9) * damping, (height, width))
    y, x = divmod(int(likeness.argmax()), width)
    return complex(x - width if x > width // 2 else x, y - height if y > height // 2 else y)


FAINT = 0.02  # luma; contrast below this says nothing about likeness
MOVES = 0.05  # luma; a smaller difference is noise of coding
SAME = 0.002  # luma; less is left between two pictures of one still thing
MARGIN = 2  # pixels inside of the edge of what was moved


class Motion(NamedTuple):
    """The step from one picture to the next; units in the catalogue."""

    motion: float  # mean absolute difference of luma that is left
    moving_share: float
    camera: float  # picture heights per second
    zoom: float  # octaves per second
    light: float  # change of mean luma, signed
    match: float  # correlation of the two pictures once aligned, 0…1: 0 across a cut


AT_REST = Motion(0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def measure_motion(earlier: View, later: View) -> Motion:
    """Measure the step between two pictures of the same size."""
    before, after = earlier.soft, later.soft
    step_seconds = max(later.time_seconds - earlier.time_seconds, 1e-3)
    light = float(after.mean() - before.mean())
    rest = _Aligned.of(before, after, STILL)
    affine = camera_motion(earlier.small, later.small) if rest.apart > SAME else STILL
    aligned = _Aligned.of(before, after, affine) if affine is not STILL else rest
    if aligned.apart > 0.9 * rest.apart:  # the still camera is the simpler story: another must explain clearly more
        affine, aligned = STILL, rest
    height, width = before.shape
    # How far the camera carries the quarter points of the picture, so that a zoom about the middle counts too.
    points = np.array([[x * width, y * height] for x in (0.25, 0.75) for y in (0.25, 0.75)])
    carried = np.hypot(*(points @ affine[:, :2].T + affine[:, 2] - points).T)
    scale = float(np.hypot(affine[0, 0], affine[1, 0]))
    return Motion(
        motion=aligned.left,
        moving_share=aligned.share,
        camera=float(carried.mean()) / height / step_seconds,
        zoom=float(np.log2(scale)) / step_seconds,
        light=light,
        match=max(rest.match, aligned.match),
    )


class _Aligned(NamedTuple):
    apart: float  # mean absolute difference after alignment
    left: float  # the same without what may be noise
    share: float  # area where it is more than noise
    match: float

    @staticmethod
    def of(before: Image, after: Image, affine: Affine) -> _Aligned:
        a, b = before.ravel(), after.ravel()
        if affine is not STILL:
            shown, inside = moved(before, affine)
            seen = _shrunk(inside)
            a, b = shown[seen], after[seen]
        if a.size < 0.2 * after.size:
            apart = float(np.abs(before - after).mean())
            return _Aligned(apart, apart, 1.0, 0.0)
        # One gain and one offset for the whole picture: a change of light is not motion.
        a, b = a - a.mean(), b - b.mean()
        power_a, power_b = float((a * a).mean()) + FAINT**2, float((b * b).mean()) + FAINT**2
        difference = np.abs(b - a * float(np.clip(np.sqrt(power_b / power_a), 0.5, 2.0)))
        match = (float((a * b).mean()) + FAINT**2) / float(np.sqrt(power_a * power_b))
        noisy = difference < MOVES
        return _Aligned(
            float(difference.mean()),
            float(np.where(noisy, 0.2 * difference, difference).mean()),
            1 - np.count_nonzero(noisy) / noisy.size,
            max(0.0, match),
        )


def _shrunk(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask [H, W] less a margin of `MARGIN` pixels inside of its edges; those of the picture are none."""
    padded = np.pad(mask, MARGIN, mode="edge")
    height, width = mask.shape
    across = np.logical_and.reduce([padded[:, step : step + width] for step in range(2 * MARGIN + 1)])
    return np.asarray(np.logical_and.reduce([across[step : step + height] for step in range(2 * MARGIN + 1)]))
