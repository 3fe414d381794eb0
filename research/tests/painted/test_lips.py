import numpy as np

from research.painted import lips
from research.painted.acting import Pose
from research.painted.face import MOUTH_LINE, ground_of
from research.painted.person import draw_person

GROUND = ground_of(60.0)
PART = GROUND.part(lips.LEFT, lips.RIGHT, lips.TOP, lips.BOTTOM)
SKIN = np.full((*GROUND.u[PART].shape, 3), 0.6, np.float32)


def mouth(jaw: float, rounded: float = 0.0) -> np.ndarray:
    pose = Pose(0, 0, 0, jaw, rounded, 0, 0)
    return lips.paint_mouth(SKIN, GROUND.within(PART), draw_person(2), pose, light=1.0)


def test_the_wider_the_jaw_the_more_dark_is_seen() -> None:
    dark = [(mouth(jaw).max(axis=2) < 0.3).mean() for jaw in (0.0, 0.3, 0.6, 1.0)]
    assert dark == sorted(dark)
    assert dark[-1] > dark[0] + 0.05


def test_a_mouth_stays_within_its_part() -> None:
    for jaw in (0.0, 1.1):
        drawn = mouth(jaw)
        for border in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
            np.testing.assert_allclose(border, 0.6, atol=0.01)


def test_round_lips_are_narrower_than_spread_ones() -> None:
    def wide(rounded: float) -> int:
        return int((np.abs(mouth(0.4, rounded) - 0.6).max(axis=2) > 0.05).any(axis=0).sum())

    assert wide(1.0) < wide(0.0) < wide(-1.0)


def test_the_mouth_is_where_a_face_has_it() -> None:
    rows = np.flatnonzero((np.abs(mouth(0.2) - 0.6).max(axis=2) > 0.1).any(axis=1))
    middle = GROUND.v[PART][:, 0][rows].mean()
    assert abs(middle - MOUTH_LINE) < 0.1
