"""Which kind of scene a stretch of real film is, by its own cues: talk, action, scenery, or not to be said.

    talk      in a third of the seconds a face is in sight and its mouth moves
    action    strong motion goes on, or something hits in half of the seconds
    scenery   little motion, few hits, and no face for long

What lies between is not used. The limits are ours, in the cues' own scale of 0…1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.vision.cues import CUE_NAMES
from research.painted.storyboard import Kind

FACE, MOUTH, TALKING = 0.5, 0.2, 0.35  # of a second, of the cue's scale, of the clip
MOVING, HIT, HITTING = 0.20, 0.5, 0.5
CALM, FACELESS = 0.12, 0.25


def kind_of(cues: NDArray[np.float32]) -> Kind | None:
    """The kind of cues [T, D], or None where they do not say."""

    def column(name: str) -> NDArray[np.float32]:
        return np.asarray(cues[:, CUE_NAMES.index(name)])

    if not column("picture").all():
        return None
    faces = column("face_present") >= FACE
    talking = float(np.mean(faces & (column("mouth") >= MOUTH)))
    moving, hitting = float(column("motion").mean()), float(np.mean(column("impact") >= HIT))
    if talking >= TALKING:
        return "talk"
    if faces.mean() > FACELESS:
        return None
    if moving >= MOVING or hitting >= HITTING:
        return "action"
    return "scenery" if moving < CALM and hitting < HITTING - 0.1 else None
