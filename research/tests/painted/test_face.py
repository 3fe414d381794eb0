from dataclasses import replace

import numpy as np
import pytest

from research.painted import face as lips
from research.painted.camera import Lamps, direction, draw_lamps
from research.painted.face import (
    BOTTOM,
    EYE_APART,
    EYE_LINE,
    MOUTH_LINE,
    TOP,
    bump,
    face_grid,
    fringe_cover,
    hair_behind,
    half_width,
    paint_eyes,
    paint_hair,
    paint_skin,
    relief,
)
from research.painted.person import HAIRS, Pose, draw_person

GROUND = face_grid(40.0)
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


MOUTH_GRID = face_grid(60.0)
PART = MOUTH_GRID.part(lips.MOUTH_LEFT, lips.MOUTH_RIGHT, lips.MOUTH_TOP, lips.MOUTH_BOTTOM)
SKIN = np.full((*MOUTH_GRID.u[PART].shape, 3), 0.6, np.float32)


def mouth(jaw: float, rounded: float = 0.0) -> np.ndarray:
    pose = Pose(0, 0, 0, jaw, rounded, 0, 0)
    return lips.paint_mouth(SKIN, MOUTH_GRID.within(PART), draw_person(2), pose, light=1.0)


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
    middle = MOUTH_GRID.v[PART][:, 0][rows].mean()
    assert abs(middle - MOUTH_LINE) < 0.1


HAIR_GRID = face_grid(30.0)
HAIR_LAMPS = draw_lamps(np.random.default_rng(1), "day")


def somebody(style: str):
    return replace(draw_person(1), style=style)


def test_who_is_bald_has_none() -> None:
    assert not fringe_cover(HAIR_GRID, somebody("bald")).any()
    assert not hair_behind(np.random.default_rng(0), HAIR_GRID, somebody("bald"), HAIR_LAMPS)[1].any()


@pytest.mark.parametrize("style", HAIRS)
def test_eyes_nose_and_mouth_stay_free(style: str) -> None:
    cover = fringe_cover(HAIR_GRID, somebody(style))
    for u in (-0.4, 0.0, 0.4):
        assert cover[HAIR_GRID.part(u - 0.12, u + 0.12, -0.15, 0.9)].max() < 0.05


@pytest.mark.parametrize("style", [style for style in HAIRS if style != "bald"])
def test_the_crown_is_covered(style: str) -> None:
    assert fringe_cover(HAIR_GRID, somebody(style))[HAIR_GRID.part(-0.2, 0.2, -1.3, -1.15)].mean() > 0.8


def test_long_hair_reaches_further_down_than_short() -> None:
    def lowest(style: str) -> float:
        cover = hair_behind(np.random.default_rng(0), HAIR_GRID, somebody(style), HAIR_LAMPS)[1]
        return float(HAIR_GRID.v[cover > 0.5].max())

    assert lowest("short") < lowest("bob") < lowest("long")


def test_strands_have_the_colour_of_the_hair() -> None:
    red = replace(somebody("long"), hair=(0.6, 0.1, 0.1))
    mean = paint_hair(np.random.default_rng(0), HAIR_GRID, red, HAIR_LAMPS).mean(axis=(0, 1))
    assert mean[0] > 2 * mean[1]
