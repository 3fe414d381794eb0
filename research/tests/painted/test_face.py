import numpy as np
import pytest

from research.painted.face import (
    BOTTOM,
    EYE_APART,
    EYE_LINE,
    TOP,
    bump,
    ground_of,
    half_width,
    paint_eyes,
    paint_skin,
    relief,
)
from research.painted.lamps import Lamps, direction
from research.painted.person import draw_person

GROUND = ground_of(40.0)
LAMPS = Lamps(direction(0, -0.3, 0.75), direction(0.8, 0, 0.5), (0.8,) * 3, (0.1,) * 3, (0.2,) * 3)


def at(u: float, v: float, reach: float = 0.1) -> tuple[slice, slice]:
    return GROUND.part(u - reach, u + reach, v - reach, v + reach)


def test_the_texture_holds_the_whole_head() -> None:
    assert GROUND.u.shape == (round((BOTTOM - TOP) * 40), 120)
    assert GROUND.v[0, 0] == pytest.approx(TOP)
    assert abs(GROUND.u[:, 60]).max() < 1e-5


def test_a_bump_is_one_in_its_middle() -> None:
    assert bump(0.3, -0.2, (0.3, -0.2), (0.1, 0.1)) == pytest.approx(1.0)
    assert bump(1.3, -0.2, (0.3, -0.2), (0.1, 0.1)) < 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_face_is_broad_at_the_cheeks_and_narrow_at_the_chin(seed: int) -> None:
    crown, cheeks, chin, below = half_width(np.array([-1.25, 0.0, 1.15, 1.5], np.float32), draw_person(seed))
    assert cheeks > 0.8
    assert below < 0 < chin < cheeks
    assert crown < cheeks


@pytest.mark.parametrize("seed", range(4))
def test_the_nose_stands_out_and_the_eyes_lie_deep(seed: int) -> None:
    z = relief(GROUND, draw_person(seed))
    assert z[at(0, 0.37)].mean() > z[at(0.3, 0.37)].mean() + 0.05
    assert z[at(EYE_APART, -0.10)].mean() < z[at(0.45, 0.30)].mean()


@pytest.mark.parametrize("seed", range(8))
def test_eyes_are_darker_than_forehead_and_cheeks(seed: int) -> None:
    person = draw_person(seed)
    face = paint_skin(GROUND, person, LAMPS)
    paint_eyes(face, GROUND, person, LAMPS, shut=False)
    grey = face.mean(axis=2)
    eyes = (grey[at(-EYE_APART, EYE_LINE, 0.18)].mean() + grey[at(EYE_APART, EYE_LINE, 0.18)].mean()) / 2
    assert eyes < grey[at(0, -0.6)].mean()
    assert eyes < grey[at(0.5, 0.25)].mean()


def test_a_shut_eye_shows_neither_white_nor_pupil() -> None:
    person = draw_person(1)
    opened, shut = (paint_skin(GROUND, person, LAMPS) for _ in range(2))
    paint_eyes(opened, GROUND, person, LAMPS, shut=False)
    paint_eyes(shut, GROUND, person, LAMPS, shut=True)
    eye = at(EYE_APART, EYE_LINE, 0.15)
    assert opened[eye].std() > 1.3 * shut[eye].std()
    np.testing.assert_array_equal(opened[at(0, 0.8, 0.3)], shut[at(0, 0.8, 0.3)])
