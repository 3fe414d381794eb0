import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.places import draw_hills, draw_room, draw_street, draw_studio, draw_wood
from research.painted.storyboard import LIGHTS

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


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("draw", [draw_room, draw_studio])
def test_fills_the_picture_in_any_light(draw: object, light: str) -> None:
    for seed in range(3):
        place = draw(np.random.default_rng(seed), light, SIZE).painted(SIZE, 10.0)  # type: ignore[operator]
        assert place.shape == (60, 100, 3)
        assert place.min() >= 0
        assert place.mean() > 0.01


def test_a_room_has_more_in_it_than_a_studio() -> None:
    def edges(draw: object) -> float:
        places = (draw(np.random.default_rng(seed), "indoors", SIZE).painted(SIZE, 0.0) for seed in range(5))  # type: ignore[operator]
        return float(np.mean([(np.abs(np.diff(place, axis=1)) > 0.1).mean() for place in places]))

    assert edges(draw_room) > 5 * edges(draw_studio) + 0.001
