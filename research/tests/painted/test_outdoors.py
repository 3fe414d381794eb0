import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.outdoors import draw_hills, draw_street, draw_wood

SIZE = Size(60, 100)


@pytest.mark.parametrize("draw", [draw_hills, draw_street, draw_wood])
def test_a_place_fills_the_picture_and_is_the_same_for_a_seed(draw: object) -> None:
    for seed in range(4):
        one, again = (draw(np.random.default_rng(seed), "day", SIZE).painted(SIZE, 30.0) for _ in range(2))  # type: ignore[operator]
        assert one.shape == (60, 100, 3)
        assert one.min() >= 0
        assert (one.mean(axis=(1, 2)) > 0.02).all()
        np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize("draw", [draw_hills, draw_street, draw_wood])
def test_darker_by_night(draw: object) -> None:
    def brightness(light: str) -> float:
        places = (draw(np.random.default_rng(seed), light, SIZE).painted(SIZE, 0.0) for seed in range(6))  # type: ignore[operator]
        return float(np.mean([place.mean() for place in places]))

    assert brightness("night") < 0.6 * brightness("day")


def test_the_ground_goes_by_faster_than_the_sky() -> None:
    scape = draw_hills(np.random.default_rng(3), "day", SIZE)
    assert scape.layers[0].slide < 0.1 < scape.layers[-1].slide


def test_windows_are_lit_by_night() -> None:
    by_night = draw_street(np.random.default_rng(1), "night", SIZE).painted(SIZE, 0.0)
    warm = (by_night[..., 0] > 0.6) & (by_night[..., 2] < by_night[..., 0])
    assert warm.mean() > 0.01
