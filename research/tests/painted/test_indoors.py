import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.indoors import draw_room, draw_studio
from research.painted.storyboard import LIGHTS

SIZE = Size(60, 100)


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
