"""How different pictures are as a whole."""

import numpy as np
import pytest
from vision.painting import Image, plain, scene, with_ball

from limelight.types import Picture
from limelight.vision.frames import prepare
from limelight.vision.shots import Comparer, Difference


def compared(images: list[Image]) -> list[Difference]:
    comparer = Comparer()
    return [comparer.compare(prepare(Picture(i / 8, image))) for i, image in enumerate(images)]


def test_the_first_picture_differs_from_nothing() -> None:
    assert compared([scene(1)]) == [Difference(0, 0, 0, 0, 0)]


def test_a_picture_that_comes_back_is_the_same_from_before() -> None:
    last = compared([scene(1), scene(2), scene(3), scene(1)])[-1]
    assert last.change_3 == pytest.approx(0, abs=1e-3)
    assert min(last.change_1, last.change_2) > 0.3


def test_a_small_thing_on_a_plain_ground_is_a_small_difference() -> None:
    ground = plain((90, 110, 130))
    assert compared([ground, with_ball(ground, 100, 60)])[-1].change_1 < 0.15


def test_black_and_white_are_wholly_different_in_colour() -> None:
    assert compared([plain((0, 0, 0)), plain((255, 255, 255))])[-1].change_1 >= 0.5


def test_a_dissolve_is_told_from_stillness_a_cut_and_a_fade() -> None:
    a, b = scene(1), scene(2)
    blend = [np.round(a * (1 - x) + b * x).astype(np.uint8) for x in np.linspace(0, 1, 9)]
    fade = [np.round(a * x).astype(np.uint8) for x in np.linspace(1, 0, 9)]
    assert compared(blend)[-1].dissolve > 0.6
    for other in ([a] * 9, [a] * 5 + [b] * 4, fade):
        assert compared(other)[-1].dissolve < 0.3
