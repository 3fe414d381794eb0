from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from research.painted.camera import draw_lamps
from research.painted.canvas import Size
from research.painted.heads import BOX, Head, People, Placed, paint_shoulders
from research.painted.person import Pose, draw_person
from research.painted.storyboard import LIGHTS
from research.painted.timing import Timing
from research.tests.painted.staging import take, timing

AT_REST = Pose(0, 0, 0, 0, 0, 0, 0)


def covered(y: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    shoulders = paint_shoulders(rng, draw_person(1), draw_lamps(rng, "day"), per_unit=30.0, below=6.0)
    canvas = np.full((120, 160, 3), -1.0, np.float32)
    shoulders.paint(canvas, 80.0, y, 25.0, AT_REST)
    return canvas[..., 0] > -0.5


def test_lie_below_the_chin_and_are_broader_than_the_neck() -> None:
    mask = covered(50.0)
    assert not mask[:60].any()
    neck, chest = mask[78].sum(), mask[110].sum()
    assert 10 < neck < chest
    assert chest > 80


def test_reach_the_lower_edge() -> None:
    assert covered(50.0)[-1].sum() > 60


def test_a_face_below_the_picture_shows_nothing() -> None:
    assert not covered(200.0).any()


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


SIZE = Size(90, 160)


def restlessness(sound: Timing, **how: object) -> float:
    """How much the picture changes from one eighth of a second to the next."""
    scene = People(take("person", 4, **how), sound, SIZE)
    pictures = [scene.paint(t / 8) for t in range(16)]
    return float(np.mean([np.abs(b - a).mean() for a, b in pairwise(pictures)]))


def test_a_speaker_moves_more_while_there_is_speech() -> None:
    assert restlessness(timing()) > 1.1 * restlessness(timing(talks=False))


def test_who_listens_does_not_move_with_the_speech() -> None:
    assert restlessness(timing(), speaking=None) == restlessness(timing(talks=False), speaking=None)


def test_two_people_fit_side_by_side() -> None:
    alone, both = (People(take("person", 4, people=people), timing(), SIZE).paint(0.0) for people in ((4,), (4, 5)))
    assert both.shape == (90, 160, 3)
    assert np.isfinite(both).all()
    assert np.abs(both - alone).mean() > 0.01
