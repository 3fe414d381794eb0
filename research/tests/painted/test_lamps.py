import numpy as np
import pytest

from research.painted.lamps import Lamps, direction, draw_lamps, lit
from research.painted.storyboard import LIGHTS

FROM_LEFT = Lamps(direction(-0.7, 0, 0.7), direction(0.7, 0, 0.7), (1, 1, 1), (0, 0, 0), (0.1, 0.1, 0.1))


def test_directions_have_length_one() -> None:
    assert np.linalg.norm(direction(3, -2, 5)) == pytest.approx(1)


def test_what_faces_the_key_light_is_brighter() -> None:
    ridge = np.broadcast_to(-np.abs(np.arange(41) - 20.0), (30, 41)).astype(np.float32)
    light = lit(ridge, np.ones((30, 41, 3), np.float32), FROM_LEFT, per_unit=1.0, gloss=0.0)
    assert light[15, 8].min() > 2 * light[15, 32].max()


def test_a_flat_surface_is_lit_evenly_and_in_proportion_to_its_colour() -> None:
    flat = np.zeros((20, 20), np.float32)
    bright, dark = (
        lit(flat, np.full((20, 20, 3), tone, np.float32), FROM_LEFT, per_unit=9, gloss=0) for tone in (0.8, 0.4)
    )
    assert float(np.ptp(bright)) < 1e-6
    np.testing.assert_allclose(bright, 2 * dark, rtol=1e-5)


@pytest.mark.parametrize("light", LIGHTS)
def test_the_key_comes_from_before_and_above(light: str) -> None:
    for seed in range(20):
        lamps = draw_lamps(np.random.default_rng(seed), light)  # type: ignore[arg-type]
        assert lamps.key_from[1] < 0 < lamps.key_from[2]
        assert sum(lamps.key) > sum(lamps.fill)
