"""Pictures of any size are prepared alike."""

import numpy as np
import pytest
from vision.painting import plain, scene

from limelight.types import Picture
from limelight.vision.frames import change, prepare


@pytest.mark.parametrize("shape", [(180, 320), (180, 101), (90, 160), (16, 16), (1, 1)])
def test_any_size_is_brought_to_the_lines_that_measurements_expect(shape: tuple[int, int]) -> None:
    view = prepare(Picture(0.0, np.full((*shape, 3), 128, np.uint8)))
    assert (view.grey.shape[0], view.small.shape[0], view.colours.shape[0]) == (180, 90, 45)
    assert view.luma.shape == view.colours.shape[:2]
    np.testing.assert_allclose(view.luma, 128 / 255, atol=1e-3)


def test_luma_weighs_green_most_and_blue_least() -> None:
    red, green, blue = (
        float(prepare(Picture(0.0, plain(colour))).luma.mean()) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    )
    assert green > red > blue
    assert red + green + blue == pytest.approx(1, abs=1e-3)


def test_change_is_none_within_a_picture_and_whole_without_a_likeness() -> None:
    view = prepare(Picture(0.0, scene(1)))
    assert change(view, view.luma) == 0
    assert change(view, None) == 1
    assert change(view, view.luma[:, :-1]) == 1
