import numpy as np
import pytest

from research.painted.canvas import Size
from research.painted.sky import draw_sky
from research.painted.storyboard import LIGHTS

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
