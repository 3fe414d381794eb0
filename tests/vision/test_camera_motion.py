"""Pans, rolls and zooms are found as they were made; what moves by itself, and cuts, are no camera."""

import numpy as np
import pytest
from numpy.typing import NDArray

from limelight.vision.images import bilinear, blurred
from limelight.vision.motion import STILL, camera_motion

HEIGHT, WIDTH = 90, 160


def textured(seed: int, size: tuple[int, int] = (200, 340)) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    layers = [
        blurred(random.normal(size=size).astype(np.float32), s) * s * a for s, a in ((1.5, 25), (5, 40), (15, 60))
    ]
    return np.asarray(sum(layers) + 128, np.float32)


def shown(
    world: NDArray[np.float32], *, across: float = 0, down: float = 0, scale: float = 1, turn: float = 0
) -> NDArray[np.uint8]:
    """What a camera sees whose picture moves so, about its middle."""
    x, y = np.arange(WIDTH)[None, :] - WIDTH / 2 - across, np.arange(HEIGHT)[:, None] - HEIGHT / 2 - down
    cosine, sine = np.cos(turn) / scale, np.sin(turn) / scale
    at = (cosine * x + sine * y + 170).astype(np.float32), (cosine * y - sine * x + 100).astype(np.float32)
    return np.clip(bilinear(world, *at), 0, 255).astype(np.uint8)


def carried(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    points = np.array([[x * WIDTH, y * HEIGHT, 1] for x in (0.25, 0.75) for y in (0.25, 0.75)])
    return points @ affine.T - points[:, :2]


WORLD = textured(0)


@pytest.mark.parametrize(
    ("across", "down", "scale", "turn"),
    [
        (0.4, -0.3, 1, 0),
        (3.3, -1.2, 1, 0),
        (25, -8, 1, 0),
        (40, 0, 1, 0),
        (0, 0, 1.05, 0),
        (0, 0, 0.93, 0),
        (2, 1, 1.03, 0.03),
    ],
)
def test_the_motion_is_found_to_a_twentieth_of_a_pixel(across: float, down: float, scale: float, turn: float) -> None:
    found = camera_motion(shown(WORLD), shown(WORLD, across=across, down=down, scale=scale, turn=turn))
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    turned = np.array([[cosine, -sine], [sine, cosine]])
    true = np.concatenate([turned, (middle + np.array([across, down]) - turned @ middle)[:, None]], axis=1)
    np.testing.assert_allclose(carried(found), carried(true), atol=0.05)


def test_a_still_camera_stays_still_under_changing_light_and_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 2, (HEIGHT, WIDTH))
    later = np.clip(shown(WORLD) * 0.8 + 30 + noise, 0, 255).astype(np.uint8)
    np.testing.assert_allclose(carried(camera_motion(shown(WORLD), later)), 0, atol=0.1)


def test_something_that_crosses_does_not_move_the_camera() -> None:
    earlier, later = shown(WORLD).copy(), shown(WORLD).copy()
    thing = shown(textured(7))[:40, :50]
    earlier[20:60, 20:70], later[20:60, 32:82] = thing, thing
    np.testing.assert_allclose(carried(camera_motion(earlier, later)), 0, atol=0.1)


def test_a_cut_and_a_plain_wall_are_no_motion() -> None:
    assert camera_motion(shown(WORLD), shown(textured(9))) is STILL
    wall = np.full((HEIGHT, WIDTH), 90, np.uint8)
    assert camera_motion(wall, wall) is STILL
    assert camera_motion(wall[:20, :20], wall[:20, :20]) is STILL
