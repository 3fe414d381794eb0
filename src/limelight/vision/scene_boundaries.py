"""Where a film turns to another scene: what lies on either side is decided by itself."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from limelight.types import Cues, Vector

SHORTEST_SECONDS = 3.0  # between two boundaries; a decision wants a moment to judge
GLANCE_SECONDS = 5.0  # what is compared on either side
APART = 1.0  # Euclidean distance of the cues' means, each cue from 0 to 1; within a scene it is mostly less (EXPERIMENTS.md)


def scene_boundaries(cues: Cues) -> tuple[float, ...]:
    """The cuts, in seconds, behind which the picture says something else than before; a cut within a scene is none."""
    boundaries: list[float] = []
    if len(cues.values) == 0:
        return ()
    for shot in cues.shots[1:]:
        cut, last = shot.start_seconds, boundaries[-1] if boundaries else 0.0
        before = _mean(cues, max(last, cut - GLANCE_SECONDS), cut)
        after = _mean(cues, cut, cut + GLANCE_SECONDS)
        if cut - last >= SHORTEST_SECONDS and float(np.linalg.norm(after - before)) > APART:
            boundaries.append(cut)
    return tuple(boundaries)


def _mean(cues: Cues, start_seconds: float, end_seconds: float) -> Vector:
    rows = rows_within(start_seconds, end_seconds, len(cues.values))
    return np.asarray(cues.values[rows].mean(axis=0, dtype=np.float64))


def rows_within(start_seconds: float, end_seconds: float, count: int) -> NDArray[np.int64]:
    """Numbers of the cues' rows, of `count`, whose second's middle lies in a stretch; one at least, if there are any."""
    first = min(math.ceil(start_seconds - 0.5), count - 1)
    last = min(math.ceil(end_seconds - 0.5), count)
    return np.arange(max(0, first), max(last, first + 1))
