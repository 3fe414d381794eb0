"""Scaling keeps means, blurring keeps sums, moving moves; as OpenCV does where it is there to compare."""

import numpy as np
import pytest

from limelight.vision.images import blurred, by_area, grey_of, moved, slope_across

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (180, 427, 3)).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(90, 213), (45, 106), (60, 61), (179, 426), (180, 427)])
def test_scaling_by_area_keeps_the_mean(height: int, width: int) -> None:
    np.testing.assert_allclose(by_area(COLOURS, height, width).mean(axis=(0, 1)), COLOURS.mean(axis=(0, 1)), rtol=1e-5)


def test_whole_blocks_are_means() -> None:
    blocks = COLOURS[:, :424].reshape(45, 4, 106, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(by_area(COLOURS[:, :424], 45, 106), blocks, rtol=1e-5)


def test_uneven_sizes_agree_with_even_ones() -> None:
    ramp = np.add.outer(np.arange(90.0), np.arange(120.0)).astype(np.float32)
    np.testing.assert_allclose(by_area(ramp, 30, 37).mean(axis=1), by_area(ramp, 30, 40).mean(axis=1), rtol=1e-5)


def test_blurring_keeps_a_plain_picture_and_spreads_a_point_evenly() -> None:
    np.testing.assert_allclose(blurred(np.full((40, 50), 7.0, np.float32), 2.8), 7.0, rtol=1e-5)
    point = np.zeros((61, 61), np.float32)
    point[30, 30] = 1
    spread = blurred(point, 3.0)
    at = np.arange(61) - 30
    assert spread.sum() == pytest.approx(1, abs=1e-5)
    assert (spread.sum(axis=0) * at**2).sum() == pytest.approx(9, rel=0.02)
    np.testing.assert_allclose(spread, spread.T, atol=1e-7)


def test_moving_there_and_back_is_nothing() -> None:
    smooth = blurred(RANDOM.random((90, 160)).astype(np.float32), 3.0)
    there = np.array([[1.03, -0.02, 2.5], [0.02, 1.03, -1.25]])
    back = np.linalg.inv(np.vstack([there, [0, 0, 1]]))[:2]
    first, inside = moved(smooth, there)
    again, inside_again = moved(first, back)
    seen = inside_again & moved(inside.astype(np.float32), back)[0].astype(bool)
    seen[:6], seen[-6:], seen[:, :8], seen[:, -8:] = False, False, False, False
    np.testing.assert_allclose(again[seen], smooth[seen], atol=0.01)


def test_moving_by_whole_pixels_copies() -> None:
    picture = RANDOM.random((20, 30)).astype(np.float32)
    right, inside = moved(picture, np.array([[1.0, 0, 3], [0, 1, 2]]))
    np.testing.assert_allclose(right[2:, 3:], picture[:-2, :-3], atol=1e-6)
    assert not inside[:2].any()
    assert not inside[:, :3].any()
    assert inside[2:, 3:].all()


def test_the_slope_of_a_ramp_is_eight_times_its_step() -> None:
    ramp = np.tile(np.arange(0, 200, 5, dtype=np.uint8), (6, 1))
    assert (slope_across(ramp)[:, 1:-1] == 8 * 5).all()
    assert (slope_across(ramp.T.copy()) == 0).all()


def test_all_equals_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    np.testing.assert_array_equal(grey_of(COLOURS), cv2.cvtColor(COLOURS, cv2.COLOR_RGB2GRAY))
    np.testing.assert_array_equal(slope_across(COLOURS[..., 0]), cv2.Sobel(COLOURS[..., 0], cv2.CV_16S, 1, 0))
    for height, width in ((90, 213), (45, 106), (60, 160)):
        theirs = cv2.resize(COLOURS, (width, height), interpolation=cv2.INTER_AREA)
        np.testing.assert_allclose(by_area(COLOURS, height, width), theirs, atol=0.51)
    values = RANDOM.random((180, 320)).astype(np.float32)
    for sigma in (1.0, 2.8):
        np.testing.assert_allclose(blurred(values, sigma), cv2.GaussianBlur(values, (0, 0), sigma), atol=1e-5)
    motion = np.array([[1.02, -0.01, 2.3], [0.01, 1.02, -1.5]])
    ours, inside = moved(blurred(values, 2.0), motion)
    theirs = cv2.warpAffine(blurred(values, 2.0), motion, (320, 180))
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=0.01)  # theirs knows 32 places between two pixels
