"""What changed between two pictures, the camera's motion told apart from what moves in the picture.

    earlier picture, moved as the camera was (`camera_motion`) and set to the later one's light → difference → motion of things

The camera's motion is looked for where something changed at all, and taken only where it explains clearly more than a still
camera does. Two pictures that lie far apart in time still say whether they match.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limelight.vision.camera_motion import STILL, camera_motion
from limelight.vision.frames import Image, View
from limelight.vision.images import Affine, moved

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
