from dataclasses import replace

import numpy as np
import pytest

from research.painted.camera import SHAKE_SECONDS, Camera, Lamps, direction, draw_lamps, lit, shaken
from research.painted.storyboard import LIGHTS
from research.painted.timing import Onset
from research.tests.painted.staging import PLAIN

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


VIEW = np.random.default_rng(1).random((60, 80, 3), np.float32)


def developed(view: np.ndarray = VIEW, number: int = 0, **how: float) -> np.ndarray:
    return Camera(replace(PLAIN, **how), 3).develop(view, number)  # type: ignore[arg-type]


def test_plain_grading_only_rounds_and_has_a_shoulder() -> None:
    seen = developed()
    assert seen.dtype == np.uint8
    dark = VIEW < 0.75
    np.testing.assert_allclose(seen[dark], 255 * VIEW[dark], atol=1)
    assert (
        np.diff(developed(np.linspace(0, 3, 240, dtype=np.float32).reshape(1, 80, 3).repeat(2, 0))[0, :, 0].astype(int))
        >= 0
    ).all()


def test_without_saturation_all_is_grey() -> None:
    assert np.ptp(developed(saturation=0.0).astype(int), axis=2).max() <= 1


def test_exposure_warmth_vignette_and_bars() -> None:
    grey = np.full((60, 80, 3), 0.4, np.float32)
    assert developed(grey, exposure=1.4).mean() > developed(grey).mean()
    warm = developed(grey, warmth=1.0)
    assert warm[..., 0].mean() > warm[..., 2].mean() + 20
    dark_corners = developed(grey, vignette=0.4)
    assert dark_corners[0, 0, 0] < dark_corners[30, 40, 0]
    barred = developed(grey, bars=0.1)
    assert not barred[:6].any()
    assert not barred[-6:].any()
    assert barred[6:-6].all()


def test_grain_changes_from_picture_to_picture_and_is_as_strong_as_told() -> None:
    grey = np.full((60, 80, 3), 0.4, np.float32)
    one, other = (developed(grey, number, grain=0.02).astype(float) for number in (0, 1))
    assert one.std() == pytest.approx(0.02 * 255, rel=0.1)
    assert np.abs(one - other).mean() > 2


def test_a_tripod_stands_still_a_hand_does_not() -> None:
    np.testing.assert_array_equal(Camera(PLAIN, 3).sway(VIEW, 1.0), VIEW)
    assert np.abs(Camera(replace(PLAIN, handheld=0.01), 3).sway(VIEW, 1.0) - VIEW).mean() > 0.01


def test_a_hit_throws_the_camera_at_once_and_the_swing_dies() -> None:
    hits = (Onset(1.0, 1.0),)
    np.testing.assert_array_equal(shaken(VIEW, hits, 0.99), VIEW)
    np.testing.assert_array_equal(shaken(VIEW, hits, 1.0 + 5 * SHAKE_SECONDS), VIEW)
    assert np.abs(shaken(VIEW, hits, 1.0) - VIEW).mean() > 0.05
