"""The camera's motion is told from that of things, and light from both."""

from itertools import pairwise

import numpy as np
import pytest
from vision.painting import HEIGHT, RATE, Image, plain, scene, window, with_ball

from limelight.types import Picture
from limelight.vision.frames import prepare
from limelight.vision.motion import Motion, measure_motion

WIDE = scene(5, width=900)


def motion(before: Image, after: Image) -> Motion:
    return measure_motion(prepare(Picture(0.0, before)), prepare(Picture(1 / RATE, after)))


def test_the_same_picture_twice_does_not_move() -> None:
    seen = motion(scene(1), scene(1))
    np.testing.assert_allclose(seen, Motion(0, 0, 0, 0, 0, match=1), atol=1e-6)


@pytest.mark.parametrize("points", [1, 3, 8, 20])
def test_a_pan_is_the_cameras_motion_at_its_true_speed(points: int) -> None:
    seen = motion(window(WIDE, 100), window(WIDE, 100 + points))
    assert seen.camera == pytest.approx(points / HEIGHT * RATE, rel=0.05)
    assert seen.motion < 0.003
    assert seen.match > 0.9


@pytest.mark.parametrize("zoom", [0.95, 1.03, 1.1])
def test_a_zoom_is_the_cameras_motion_with_its_sign(zoom: float) -> None:
    seen = motion(window(WIDE, 200), window(WIDE, 200, zoom=zoom))
    assert seen.zoom == pytest.approx(np.log2(zoom) * RATE, rel=0.1)
    assert seen.motion < 0.003


@pytest.mark.parametrize("ground", [scene(3), plain((90, 110, 130))], ids=["textured", "plain"])
def test_motion_of_things_rises_with_their_speed_and_is_not_the_cameras(ground: Image) -> None:
    steps = [motion(with_ball(ground, 100, 90), with_ball(ground, 100 + speed, 90)) for speed in (0, 2, 5, 10, 20)]
    energies = [step.motion for step in steps]
    assert energies == sorted(energies)
    assert all(faster > 1.2 * slower for slower, faster in pairwise(energies[1:]))
    assert max(step.camera for step in steps) == 0


def test_a_thing_that_moves_in_a_pan_is_seen_beside_the_cameras_motion() -> None:
    empty = motion(window(WIDE, 100), window(WIDE, 106))
    alone = motion(with_ball(scene(3), 100, 90), with_ball(scene(3), 112, 90))
    panned = motion(with_ball(window(WIDE, 100), 100, 90), with_ball(window(WIDE, 106), 112, 90))
    assert panned.camera == pytest.approx(6 / HEIGHT * RATE, rel=0.05)
    assert panned.motion - empty.motion == pytest.approx(alone.motion, rel=0.5)


def test_a_change_of_light_is_not_motion() -> None:
    dim, bright = np.round(scene(3) * 0.7).astype(np.uint8), scene(3)
    rise, fall = motion(dim, bright), motion(bright, dim)
    assert rise.light == pytest.approx(-fall.light)
    assert rise.light > 0.05
    assert max(rise.motion, fall.motion) < 0.002
    assert rise.match > 0.95


def test_two_different_scenes_do_not_match() -> None:
    assert motion(scene(1), scene(2)).match < 0.4
