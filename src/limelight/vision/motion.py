"""What changed between two pictures, the camera's motion told apart from what moves in the picture.

    corners of the earlier picture → where they went (pyramidal Lucas–Kanade) → one similarity A for most of them
    earlier picture, moved by A and set to the later one's light → difference → motion of things

A (pan, roll and zoom) is believed only if many corners agree and these are spread over the picture: a bird
crossing an empty sky has all the corners, and is not the camera.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.vision.frames import Image, View

Affine = NDArray[np.float64]  # [2, 3]

STILL: Affine = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
CORNERS = 80
FAINT = 0.02  # luma; contrast below this says nothing about likeness
MOVES = 0.05  # luma; a smaller difference is noise of coding
MIN_AGREE, MIN_SPREAD = 0.4, 0.12


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
    affine = _camera(earlier.small, later.small)
    moved = _Aligned.of(before, after, affine) if affine is not STILL else rest
    if moved.apart > 0.9 * rest.apart:  # the still camera is the simpler story: another must explain clearly more
        affine, moved = STILL, rest
    height, width = before.shape
    # How far the camera carries the quarter points of the picture, so that a zoom about the middle counts too.
    points = np.array([[x * width, y * height] for x in (0.25, 0.75) for y in (0.25, 0.75)])
    carried = np.hypot(*(points @ affine[:, :2].T + affine[:, 2] - points).T)
    scale = float(np.hypot(affine[0, 0], affine[1, 0]))
    return Motion(
        motion=moved.left,
        moving_share=moved.share,
        camera=float(carried.mean()) / height / step_seconds,
        zoom=float(np.log2(scale)) / step_seconds,
        light=light,
        match=max(rest.match, moved.match),
    )


class _Aligned(NamedTuple):
    apart: float  # mean absolute difference after alignment
    left: float  # the same without what may be noise
    share: float  # area where it is more than noise
    match: float

    @staticmethod
    def of(before: Image, after: Image, affine: Affine) -> _Aligned:
        height, width = after.shape
        a, b = before.ravel(), after.ravel()
        if affine is not STILL:
            moved = cv2.warpAffine(before, affine, (width, height), flags=cv2.INTER_LINEAR)
            inside = cv2.warpAffine(np.ones_like(before), affine, (width, height), flags=cv2.INTER_NEAREST)
            seen = cv2.erode(inside, np.ones((5, 5), np.uint8)) > 0
            a, b = np.asarray(moved, np.float32)[seen], after[seen]
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


def _camera(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Affine:
    corners = cv2.goodFeaturesToTrack(before, CORNERS, 0.01, 6)
    if corners is None or len(corners) < 12:
        return STILL
    went, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, corners.copy(), winSize=(15, 15), maxLevel=3)
    kept = found.ravel() == 1
    if kept.sum() < 12:
        return STILL
    origin, target = corners[kept, 0], went[kept, 0]  # [P, 2]
    affine, agree = cv2.estimateAffinePartial2D(origin, target, ransacReprojThreshold=1.2)
    if affine is None:
        return STILL
    inlying = origin[agree.ravel() == 1]
    spread = inlying.std(axis=0) / (before.shape[1], before.shape[0])
    scale = float(np.hypot(affine[0, 0], affine[1, 0]))
    if len(inlying) < MIN_AGREE * len(corners) or spread.min() < MIN_SPREAD or not 0.7 < scale < 1.4:
        return STILL
    found_affine: Affine = affine
    return found_affine
