"""Sharpness, its place, and texture."""

import cv2
import numpy as np
import pytest
from vision.painting import HEIGHT, WIDTH, Image, plain, scene

from limelight.types import Picture
from limelight.vision.frames import Surface, SurfaceWatcher, measure_surface, prepare


def surface(image: Image) -> Surface:
    return measure_surface(prepare(Picture(0.0, image)))


def blurred(image: Image, sigma: float) -> Image:
    return cv2.GaussianBlur(image, (0, 0), sigma)


def mixed(inside: Image, outside: Image) -> Image:
    """One picture in the middle, another around it."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    middle = (np.abs(x - WIDTH / 2) < WIDTH / 4) & (np.abs(y - HEIGHT / 2) < HEIGHT / 4)
    return np.where(middle[..., None], inside, outside)


def test_blur_takes_sharpness_step_by_step() -> None:
    steps = [surface(scene(1)).sharpness] + [surface(blurred(scene(1), sigma)).sharpness for sigma in (1, 2, 4)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 3 * steps[-1]


@pytest.mark.parametrize("factor", [0.4, 0.7])
def test_sharpness_and_its_place_do_not_depend_on_brightness(factor: float) -> None:
    image = mixed(scene(2), blurred(scene(2), 3))
    full, dim = surface(image), surface(np.round(image * factor).astype(np.uint8))
    assert dim.sharpness == pytest.approx(full.sharpness, rel=0.1)
    assert dim.centre_focus == pytest.approx(full.centre_focus, rel=0.1)


def test_shallow_focus_shows_in_the_ratio_of_centre_and_border() -> None:
    sharp, soft = scene(3), blurred(scene(3), 3)
    assert surface(mixed(sharp, soft)).centre_focus > 1.5
    assert surface(mixed(soft, sharp)).centre_focus < 1 / 1.4
    assert surface(sharp).centre_focus == pytest.approx(1, abs=0.2)


def test_a_plain_border_says_nothing_about_focus() -> None:
    assert surface(mixed(scene(3), plain((100, 100, 100)))).centre_focus == pytest.approx(1, abs=0.25)


def test_detail_is_the_textured_share_of_the_picture() -> None:
    half = plain((100, 100, 100))
    half[:, : WIDTH // 2] = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH // 2, 3))
    assert surface(plain((100, 100, 100))).detail == 0
    assert surface(half).detail == pytest.approx(0.5, abs=0.06)


def test_the_surface_is_measured_anew_when_due_or_when_the_picture_changes() -> None:
    watcher = SurfaceWatcher()
    sharp, soft, other = scene(3), blurred(scene(3), 1.5), scene(4)
    first = watcher.watch(prepare(Picture(0.0, sharp)))
    assert watcher.watch(prepare(Picture(0.1, soft))) == first  # much the same picture, a moment later
    assert watcher.watch(prepare(Picture(0.2, other))) == surface(other)
    assert watcher.watch(prepare(Picture(0.5, sharp))) == first
