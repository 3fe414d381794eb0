import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.layers import Scape, backdrop, layer_of, wide_of

SIZE = Size(20, 40)


def painted(pan: float, *, slide: float = 1.0) -> np.ndarray:
    colour = np.random.default_rng(1).random((20, 80, 3), np.float32)
    return Scape((backdrop(colour, slide),), 0.5).painted(SIZE, pan)


def test_the_camera_goes_right_the_picture_left() -> None:
    np.testing.assert_allclose(painted(3)[:, :-3], painted(0)[:, 3:], atol=1e-6)


def test_far_layers_are_slower() -> None:
    np.testing.assert_allclose(painted(8, slide=0.5), painted(4), atol=1e-6)


def test_half_a_point_is_half_way() -> None:
    np.testing.assert_allclose(painted(2.5), (painted(2) + painted(3)) / 2, atol=1e-6)


def test_the_ends_meet() -> None:
    width = wide_of(SIZE).width
    np.testing.assert_allclose(painted(width), painted(0), atol=1e-6)
    ramp = np.broadcast_to(np.linspace(0, 1, 80, dtype=np.float32)[:, None], (20, 80, 3))
    round_the_end = Scape((backdrop(ramp, 1.0),), 0.5).painted(SIZE, 60)
    assert np.abs(np.diff(round_the_end[0, :, 0])).max() < 0.2


def test_a_layer_hides_only_what_it_covers() -> None:
    cover = np.zeros((20, 80), np.float32)
    cover[12:] = 1
    layer = layer_of(np.ones((20, 80, 3), np.float32), cover, 1.0)
    assert layer.top == 12
    canvas = np.full((*SIZE, 3), 0.3, np.float32)
    layer.onto(canvas, 5.0)
    assert canvas[:12].max() == pytest.approx(0.3)
    assert canvas[12:].min() == pytest.approx(1.0)
