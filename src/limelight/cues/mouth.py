"""Does a mouth move? The lower part of a face against its upper part, the head's motion taken out.

    where the eyes' region of the earlier picture is best found in the later one → earlier face moved by it
    mouth = (mean |difference| around the mouth − that around the eyes) / contrast of the face

A head that turns or nods moves eyes and mouth alike; light changes both alike; speech moves the mouth alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from limelight.cues.view import Grey, Image

SIDE = 64  # picture points to which each face is scaled
EYES = (slice(12, 38), slice(10, 54))
MOUTH = (slice(42, 62), slice(16, 48))
REACH = 10  # face points that a head may move between two pictures: a sixth of the face
SURE = 0.6  # correlation at which the eyes count as found again


@dataclass(frozen=True)
class Step:
    """Two pictures [H, W] and where the face was in the earlier one (picture points)."""

    earlier: Grey
    later: Grey
    x: float
    y: float
    size: float


class Moved(NamedTuple):
    """How a head moved, in picture points, and how much its mouth did."""

    right: float
    down: float
    mouth: float


def measure_mouth(step: Step) -> Moved:
    """The head's shift and the mouth's own motion between two pictures."""
    before, after = _face(step.earlier, step), _face(step.later, step)
    shift = _eyes_shift(before, after)
    if shift is None:  # not the same face: nothing can be said
        return Moved(0.0, 0.0, 0.0)
    right, down = shift
    place = np.array([[1, 0, right], [0, 1, down]])
    moved = np.asarray(cv2.warpAffine(before, place, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.float32)
    difference = np.abs(after - moved - float((after - moved)[EYES].mean()))
    own = float(difference[MOUTH].mean() - difference[EYES].mean())
    return Moved(right * step.size / SIDE, down * step.size / SIDE, max(0.0, own) / (float(after.std()) + 4))


def _eyes_shift(before: Image, after: Image) -> tuple[float, float] | None:
    """How far the eyes went, (right, down) in face points."""
    rows, columns = EYES
    searched = after[rows.start - REACH : rows.stop + REACH, columns.start - REACH : columns.stop + REACH]
    likeness = np.asarray(cv2.matchTemplate(searched, before[EYES], cv2.TM_CCOEFF_NORMED), np.float32)  # [2 REACH + 1]²
    down, right = divmod(int(likeness.argmax()), likeness.shape[1])
    if not likeness[down, right] > SURE:
        return None
    return (
        right - REACH + _between(likeness[down, max(0, right - 1) : right + 2]),
        down - REACH + _between(likeness[max(0, down - 1) : down + 2, right]),
    )


def _between(three: Image) -> float:
    """Where a parabola through three values has its top, −½…½ from the middle one."""
    if len(three) < 3:
        return 0.0
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if bend >= 0 else float(np.clip((three[0] - three[2]) / (2 * bend), -0.5, 0.5))


def _face(grey: Grey, step: Step) -> Image:
    scale = step.size / SIDE
    back = np.array([[scale, 0, step.x], [0, scale, step.y]])  # from face points to picture points
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(grey, back, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
