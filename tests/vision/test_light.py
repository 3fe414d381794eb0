"""Light and colour follow known pictures, and stay where only the brightness changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vision.painting import HEIGHT, WIDTH, Image, plain, scene

from limelight.types import Picture
from limelight.vision.frames import Light, measure_light, prepare


def light(image: Image) -> Light:
    return measure_light(prepare(Picture(0.0, image)))


def dimmed(image: Image, factor: float) -> Image:
    return np.round(image * factor).astype(np.uint8)


@pytest.mark.parametrize("level", [0, 64, 128, 255])
def test_key_is_the_level_of_a_grey_picture(level: int) -> None:
    seen = light(plain((level, level, level)))
    assert seen.key == pytest.approx(level / 255, abs=2e-3)
    assert seen.contrast == pytest.approx(0, abs=1e-3)
    assert seen.saturation == pytest.approx(0, abs=1e-6)
    assert seen.warmth == pytest.approx(0, abs=1e-6)


def test_contrast_of_half_black_half_white_is_full() -> None:
    image = plain((0, 0, 0))
    image[:, WIDTH // 2 :] = 255
    seen = light(image)
    assert seen.contrast == pytest.approx(1, abs=1e-2)
    assert seen.shadows == pytest.approx(0.5, abs=0.02)
    assert seen.highlights == pytest.approx(0.5, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.3, 1.0), st.integers(0, 20))
def test_warmth_and_saturation_do_not_depend_on_brightness(factor: float, seed: int) -> None:
    image = scene(seed, base=(150, 120, 90))
    full, dim = light(image), light(dimmed(image, factor))
    assert dim.warmth == pytest.approx(full.warmth, abs=0.01)
    assert dim.saturation == pytest.approx(full.saturation, abs=0.03)
    assert dim.key == pytest.approx(full.key * factor, abs=0.01)
    assert dim.contrast == pytest.approx(full.contrast * factor, abs=0.02)


def test_warmth_changes_its_sign_with_red_and_blue_exchanged() -> None:
    image = scene(4, base=(170, 120, 80))
    warm, cool = light(image).warmth, light(image[..., ::-1]).warmth
    assert warm > 0.1
    assert cool == pytest.approx(-warm, abs=1e-3)


def test_light_does_not_depend_on_left_and_right() -> None:
    np.testing.assert_allclose(light(scene(5)), light(scene(5)[:, ::-1]), atol=0.01)


def test_sky_hangs_from_the_upper_edge() -> None:
    image = scene(6, base=(70, 90, 50))
    image[: HEIGHT // 3] = (120, 160, 220)
    assert light(image).sky == pytest.approx(1 / 3, abs=0.05)
    assert light(image[::-1]).sky < 0.05


@pytest.mark.parametrize(
    ("colour", "name"),
    [((70, 120, 40), "greenery"), ((120, 130, 40), "greenery"), ((224, 176, 146), "skin"), ((110, 72, 50), "skin")],
)
def test_colours_of_plants_and_of_skin_light_and_dark(colour: tuple[int, int, int], name: str) -> None:
    ground = plain((128, 128, 128))
    ground[:, : WIDTH // 4] = colour
    assert getattr(light(ground), name) == pytest.approx(0.25, abs=0.02)


def test_night_falls_as_the_picture_gets_darker() -> None:
    nights = [light(dimmed(scene(7), factor)).night for factor in (1.0, 0.5, 0.25, 0.1, 0.0)]
    assert nights == sorted(nights)
    assert nights[0] == 0
    assert nights[-1] == pytest.approx(1)
