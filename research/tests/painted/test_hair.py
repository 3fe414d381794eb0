from dataclasses import replace

import numpy as np
import pytest

from research.painted.face import ground_of
from research.painted.hair import fringe_cover, hair_behind, paint_hair
from research.painted.lamps import draw_lamps
from research.painted.person import HAIRS, draw_person

GROUND = ground_of(30.0)
LAMPS = draw_lamps(np.random.default_rng(1), "day")


def somebody(style: str):
    return replace(draw_person(1), style=style)


def test_who_is_bald_has_none() -> None:
    assert not fringe_cover(GROUND, somebody("bald")).any()
    assert not hair_behind(np.random.default_rng(0), GROUND, somebody("bald"), LAMPS)[1].any()


@pytest.mark.parametrize("style", HAIRS)
def test_eyes_nose_and_mouth_stay_free(style: str) -> None:
    cover = fringe_cover(GROUND, somebody(style))
    for u in (-0.4, 0.0, 0.4):
        assert cover[GROUND.part(u - 0.12, u + 0.12, -0.15, 0.9)].max() < 0.05


@pytest.mark.parametrize("style", [style for style in HAIRS if style != "bald"])
def test_the_crown_is_covered(style: str) -> None:
    assert fringe_cover(GROUND, somebody(style))[GROUND.part(-0.2, 0.2, -1.3, -1.15)].mean() > 0.8


def test_long_hair_reaches_further_down_than_short() -> None:
    def lowest(style: str) -> float:
        cover = hair_behind(np.random.default_rng(0), GROUND, somebody(style), LAMPS)[1]
        return float(GROUND.v[cover > 0.5].max())

    assert lowest("short") < lowest("bob") < lowest("long")


def test_strands_have_the_colour_of_the_hair() -> None:
    red = replace(somebody("long"), hair=(0.6, 0.1, 0.1))
    mean = paint_hair(np.random.default_rng(0), GROUND, red, LAMPS).mean(axis=(0, 1))
    assert mean[0] > 2 * mean[1]
