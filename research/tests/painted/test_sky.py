import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.sky import Place, backdrop, draw_sky, layer_of, layer_size
from research.painted.storyboard import LIGHTS

LAYER_PICTURE = Size(20, 40)


def painted(pan: float, *, slide: float = 1.0) -> np.ndarray:
    colour = np.random.default_rng(1).random((20, 80, 3), np.float32)
    return Place((backdrop(colour, slide),), 0.5).painted(LAYER_PICTURE, pan)


def test_the_camera_goes_right_the_picture_left() -> None:
    np.testing.assert_allclose(painted(3)[:, :-3], painted(0)[:, 3:], atol=1e-6)


def test_far_layers_are_slower() -> None:
    np.testing.assert_allclose(painted(8, slide=0.5), painted(4), atol=1e-6)


def test_half_a_point_is_half_way() -> None:
    np.testing.assert_allclose(painted(2.5), (painted(2) + painted(3)) / 2, atol=1e-6)


def test_the_ends_meet() -> None:
    width = layer_size(LAYER_PICTURE).width
    np.testing.assert_allclose(painted(width), painted(0), atol=1e-6)
    ramp = np.broadcast_to(np.linspace(0, 1, 80, dtype=np.float32)[:, None], (20, 80, 3))
    round_the_end = Place((backdrop(ramp, 1.0),), 0.5).painted(LAYER_PICTURE, 60)
    assert np.abs(np.diff(round_the_end[0, :, 0])).max() < 0.2


def test_a_layer_hides_only_what_it_covers() -> None:
    cover = np.zeros((20, 80), np.float32)
    cover[12:] = 1
    layer = layer_of(np.ones((20, 80, 3), np.float32), cover, 1.0)
    assert layer.top == 12
    canvas = np.full((*LAYER_PICTURE, 3), 0.3, np.float32)
    layer.onto(canvas, 5.0)
    assert canvas[:12].max() == pytest.approx(0.3)
    assert canvas[12:].min() == pytest.approx(1.0)


SIZE = Size(60, 100)


def skies(light: str) -> np.ndarray:
    return np.stack([draw_sky(np.random.default_rng(seed), light, SIZE, 0.6) for seed in range(12)])  # type: ignore[arg-type]


def test_the_night_is_darker_than_dusk_and_dusk_than_day() -> None:
    night, dusk, day = (float(skies(light).mean()) for light in ("night", "dusk", "day"))
    assert 2 * night < dusk < day


def test_dusk_is_warm_and_the_day_is_not() -> None:
    def warmth(light: str) -> float:
        red, _, blue = skies(light).mean(axis=(0, 1, 2))
        return float(red - blue)

    assert warmth("dusk") > 0.1 > warmth("day")


@pytest.mark.parametrize("light", LIGHTS)
def test_as_wide_as_a_layer_and_never_below_black(light: str) -> None:
    drawn = skies(light)
    assert drawn.shape == (12, 60, 200, 3)
    assert drawn.min() >= 0
