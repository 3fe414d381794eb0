"""Where clips begin: on a cut where one is near, else where the clip before ended.

    cuts          |      |                  |    |                     |
    clips   [==========]  ·[==========][==========]  ·[==========]
                          ^ on the next cut       ^ no cut within reach: at once

All clips last the same, so that they make batches; a wait for a cut costs at most `REACH` of a clip.
"""

from __future__ import annotations

import numpy as np

from limelight.signals import Vector

REACH = 0.3  # of a clip's length


def clip_starts(cut_seconds: Vector, duration_seconds: float, clip_seconds: float) -> list[float]:
    """Beginnings of clips that lie inside the film and do not overlap, in seconds, in order."""
    starts: list[float] = []
    position = 0.0
    while position + clip_seconds <= duration_seconds:
        last = min(position + REACH * clip_seconds, duration_seconds - clip_seconds)
        near = cut_seconds[(cut_seconds >= position) & (cut_seconds <= last)]
        # The film's own beginning is as good as a cut.
        start = float(near.min()) if near.size and position > 0 else position
        starts.append(start)
        position = start + clip_seconds
    return starts


def on_cut(start_seconds: float, cut_seconds: Vector) -> bool:
    """Whether a shot, or the film, begins here."""
    return start_seconds == 0 or bool(np.any(np.abs(cut_seconds - start_seconds) < 1e-6))
