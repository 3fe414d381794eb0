"""Does a mouth move? The lower part of a face against its upper part, the head's motion taken out.

    shift of the eyes' region between two pictures (phase correlation) → earlier face moved by it
    mouth = (mean |difference| around the mouth − that around the eyes) / contrast of the face

A head that turns or nods moves eyes and mouth alike; light changes both alike; speech moves the mouth alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 64  # picture points to which each face is scaled
EYES = (slice(10, 40), slice(8, 56))
MOUTH = (slice(42, 62), slice(16, 48))
WINDOW = cv2.createHanningWindow((48, 30), cv2.CV_32F)


@dataclass(frozen=True)
class Step:
    """Two pictures [H, W] and where the face was in the earlier one (picture points)."""

    earlier: NDArray[np.uint8]
    later: NDArray[np.uint8]
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
    (right, down), sure = cv2.phaseCorrelate(before[EYES], after[EYES], WINDOW)
    if sure < 0.1 or max(abs(right), abs(down)) > SIDE / 5:  # not the same face: nothing can be said
        return Moved(0.0, 0.0, 0.0)
    moved = cv2.warpAffine(
        before, np.array([[1, 0, right], [0, 1, down]]), (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE
    )
    moved -= moved.mean() - after.mean()
    difference = np.abs(after - moved)
    own = float(difference[MOUTH].mean() - difference[EYES].mean())
    return Moved(right * step.size / SIDE, down * step.size / SIDE, max(0.0, own) / (float(after.std()) + 4))


def _face(grey: NDArray[np.uint8], step: Step) -> NDArray[np.float32]:
    scale = step.size / SIDE
    back = np.array([[scale, 0, step.x], [0, scale, step.y]])  # from face points to picture points
    face: NDArray[np.float32] = cv2.warpAffine(
        grey, back, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    return face
