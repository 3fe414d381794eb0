from pathlib import Path

import cv2
import numpy as np
import pytest

from research.painted.acting import Pose
from research.painted.head import BOX, Head, Placed
from research.painted.lamps import draw_lamps
from research.painted.person import draw_person
from research.painted.storyboard import LIGHTS

CASCADE = str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml")
STILL = Pose(0, 0, 0, 0, 0, 0, 0.3)


def head(seed: int, height: float = 0.5) -> tuple[Head, float]:
    rng, per_unit = np.random.default_rng(seed), height * 180 / BOX
    return Head(rng, draw_person(seed), draw_lamps(rng, LIGHTS[seed % 4]), per_unit=per_unit), per_unit


def painted(seed: int, height: float = 0.5, pose: Pose = STILL, at: tuple[float, float] = (120, 90)) -> np.ndarray:
    drawn, per_unit = head(seed, height)
    canvas = np.full((180, 240, 3), 0.3, np.float32)
    drawn.paint(canvas, Placed(*at, per_unit), pose)
    return canvas


def faces(canvas: np.ndarray) -> list[tuple[int, int, int]]:
    grey = cv2.cvtColor(np.clip(canvas * 255, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)
    return [tuple(box[:3]) for box in cv2.CascadeClassifier(CASCADE).detectMultiScale(grey, 1.25, 3, 0, (20, 20))]


@pytest.mark.parametrize("height", [0.24, 0.4, 0.6])
def test_the_detector_finds_the_face_where_and_as_large_as_it_is(height: float) -> None:
    found = 0
    for seed in range(6):
        for x, y, size in faces(painted(seed, height)):
            right = abs(x + size / 2 - 120) < 0.2 * size and abs(y + size / 2 - 90) < 0.25 * size
            found += right and 0.7 < size / (180 * height) < 1.4
    assert found >= 5


def test_an_open_mouth_changes_the_lower_face_alone() -> None:
    shut, opened = painted(3), painted(3, pose=Pose(0, 0, 0, 0.8, 0, 0, 0.3))
    changed = np.abs(opened - shut).max(axis=2)
    assert changed[100:140, 100:140].max() > 0.1
    assert changed[:95].max() < 1e-6


def test_a_blink_changes_the_eyes_alone() -> None:
    opened, shut = painted(3), painted(3, pose=Pose(0, 0, 0, 0, 0, 1, 0.3))
    changed = np.abs(opened - shut).max(axis=2)
    assert changed[60:95].max() > 0.1
    assert changed[115:].max() < 1e-6


def test_turning_moves_the_nose_more_than_the_outline() -> None:
    ahead, aside = (painted(3, pose=Pose(turn, 0, 0, 0, 0, 0, 0)) for turn in (0.0, 0.3))
    assert np.abs(aside - ahead)[80:110, 105:135].mean() > 0.01


def test_a_head_out_of_sight_paints_nothing_and_one_at_the_edge_a_part() -> None:
    np.testing.assert_array_equal(painted(3, at=(2000, -900)), np.full((180, 240, 3), 0.3, np.float32))
    assert np.isfinite(painted(3, at=(0, 0))).all()
