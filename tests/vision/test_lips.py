"""Lips are measured: more open is more, whatever the size, place and turn of the face."""

import numpy as np
import pytest
from vision.drawn_face import DrawnFace, ground

from limelight.vision.faces import SIDE, FaceDetector, LipReader, cut, square_around

DETECTOR, READER = FaceDetector(), LipReader()


def opening(face: DrawnFace) -> float:
    picture = face.on(ground())
    return float(READER.read(picture, DETECTOR.detect(picture)).opening[0])


@pytest.mark.parametrize("height", [80, 160, 240])
def test_the_further_the_mouth_is_open_the_larger_the_opening(height: float) -> None:
    openings = [opening(DrawnFace(320, 170, height, mouth)) for mouth in (0, 0.3, 0.6, 1)]
    assert (np.diff(openings) > 0.01).all()
    assert openings[0] < 0.03


@pytest.mark.parametrize("turned", [-25, 25])
def test_a_turned_head_opens_its_mouth_as_far(turned: float) -> None:
    upright, tilted = (opening(DrawnFace(320, 170, 180, 0.8, degrees)) for degrees in (0, turned))
    assert tilted == pytest.approx(upright, rel=0.35)


def test_the_points_lie_within_the_face() -> None:
    picture = DrawnFace(200, 150, 160).on(ground())
    lips = READER.read(picture, DETECTOR.detect(picture))
    x, y = lips.points[0, :, 0], lips.points[0, :, 1]
    assert lips.points.shape == (1, 468, 3)
    assert x.min() > 120
    assert x.max() < 280
    assert y.min() > 60
    assert y.max() < 240


def test_small_faces_are_less_sure() -> None:
    small, large = ((DrawnFace(320, 170, height)).on(ground()) for height in (30, 160))
    sure = [READER.read(picture, DETECTOR.detect(picture)).confidence[0] for picture in (small, large)]
    assert sure[0] < 0.7
    assert sure[1] > 0.95


def test_a_wall_is_no_face() -> None:
    face = DETECTOR.detect(DrawnFace(320, 170, 160).on(ground()))
    assert READER.read(ground(), face).is_face[0] < 0.5


def test_nobody_has_no_lips() -> None:
    lips = READER.read(ground(), DETECTOR.detect(ground()))
    assert lips.opening.shape == (0,)
    assert lips.points.shape == (0, 468, 3)


def test_the_square_is_upright_and_holds_the_face() -> None:
    five = np.array([[300, 200], [360, 260], [300, 270], [260, 260], [300, 300]], np.float32)  # tilted by 45°
    square = square_around(five)
    right = square[:, 0] / np.hypot(*square[:, 0])
    np.testing.assert_allclose(right, [np.sqrt(0.5)] * 2, atol=1e-6)
    assert np.dot(square[:, 0], square[:, 1]) == pytest.approx(0, abs=1e-5)
    middle = square @ np.array([SIDE / 2, SIDE / 2, 1])
    np.testing.assert_allclose(middle, [305, 255], atol=1e-3)


def test_cutting_shows_what_lies_there() -> None:
    rows, columns = np.mgrid[0:360, 0:640]
    ramp = np.stack([columns * 255 / 639, rows * 255 / 359, np.zeros_like(rows)], axis=-1).astype(np.uint8)
    for scale in (0.4, 1.0, 1.8):  # the largest is finer than the square by almost two
        square = np.array([[scale, 0, 60], [0, scale, 10]], np.float32)
        seen = cut(ramp, square) * 255
        np.testing.assert_allclose(
            seen[50, 100, :2], [(60 + 100 * scale) * 255 / 639, (10 + 50 * scale) * 255 / 359], atol=1
        )


def test_cutting_a_large_face_leaves_no_pixel_out() -> None:
    stripes = np.zeros((720, 1280, 3), np.uint8)
    stripes[:, ::2] = 255
    square = np.array([[3.5, 0, 100], [0, 3.5, 20]], np.float32)
    np.testing.assert_allclose(cut(stripes, square).mean(), 0.5, atol=0.01)
    assert cut(stripes, square).std() < 0.2


def test_outside_the_picture_is_black() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    seen = cut(white, np.array([[1, 0, -50], [0, 1, -50]], np.float32))
    assert seen[:49, :49].max() == 0
    np.testing.assert_allclose(seen[51:149, 51:149], 1)
    assert cut(white, np.array([[1, 0, 500], [0, 1, 500]], np.float32)).max() == 0
