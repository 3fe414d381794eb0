"""Kinds by cues: who speaks talks, what moves or hits is action, what rests is scenery, the rest is nobody's."""

from __future__ import annotations

import numpy as np

from limelight.vision.cues import CUE_NAMES
from research.scenes.classify import kind_of


def cues(**columns: float | list[float]) -> np.ndarray:
    values = np.zeros((10, len(CUE_NAMES)), np.float32)
    for name, value in ({"picture": 1.0} | columns).items():
        values[:, CUE_NAMES.index(name)] = value
    return values


def test_kinds() -> None:
    assert kind_of(cues(face_present=1.0, mouth=0.5)) == "talk"
    assert kind_of(cues(motion=0.4)) == "action"
    assert kind_of(cues(impact=[1.0, 0.0] * 5)) == "action"
    assert kind_of(cues(motion=0.05)) == "scenery"


def test_what_lies_between_is_nobodys() -> None:
    assert kind_of(cues(face_present=1.0)) is None  # listens
    assert kind_of(cues(motion=0.15)) is None
    assert kind_of(cues(picture=[0.0] + [1.0] * 9)) is None
