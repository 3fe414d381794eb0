import numpy as np

from research.painted.acting import Pose
from research.painted.lamps import draw_lamps
from research.painted.person import draw_person
from research.painted.shoulders import paint_shoulders

STILL = Pose(0, 0, 0, 0, 0, 0, 0)


def covered(y: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    shoulders = paint_shoulders(rng, draw_person(1), draw_lamps(rng, "day"), per_unit=30.0, below=6.0)
    canvas = np.full((120, 160, 3), -1.0, np.float32)
    shoulders.paint(canvas, 80.0, y, 25.0, STILL)
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
