import numpy as np
import pytest

from research.painted.canvas import (
    Size,
    between,
    disc,
    glow,
    gradient,
    mixed,
    noise,
    polygon,
    puff,
    scaled,
    shifted,
    smoothstep,
    soft,
    stroke,
    tinted,
)


def black(height: int = 60, width: int = 80) -> np.ndarray:
    return np.zeros((height, width, 3), np.float32)


def test_smoothstep_goes_either_way() -> None:
    np.testing.assert_allclose(smoothstep(1, 3, [0, 1, 2, 3, 4]), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(3, 1, [0, 1, 2, 3, 4]), [1, 1, 0.5, 0, 0])


def test_shapes_cover_their_area() -> None:
    canvas = black()
    polygon(canvas, ((10, 10), (50, 10), (50, 30), (10, 30)), (1, 1, 1))
    assert canvas[..., 0].sum() == pytest.approx(41 * 21, rel=0.05)  # the border's points count
    canvas = black()
    disc(canvas, 40, 30, 15, (1, 1, 1))
    assert canvas[..., 0].sum() == pytest.approx(np.pi * 15.5**2, rel=0.05)
    canvas = black()
    stroke(canvas, ((10, 30), (70, 30)), 6, (1, 1, 1))
    assert canvas[..., 0].sum() == pytest.approx(60 * 7 + np.pi * 3.5**2, rel=0.1)


def test_half_opaque_paint_goes_half_way() -> None:
    canvas = black()
    polygon(canvas, ((-5, -5), (90, -5), (90, 90), (-5, 90)), (0.8, 0.4, 0.2), 0.5)
    np.testing.assert_allclose(canvas[30, 40], (0.4, 0.2, 0.1), atol=1e-5)


@pytest.mark.parametrize("paint", [glow, puff])
def test_light_and_clouds_are_strongest_in_their_middle(paint: object) -> None:
    canvas = black()
    paint(canvas, 50.0, 20.0, 8.0, (1, 1, 1), 0.9)  # type: ignore[operator]
    assert np.unravel_index(canvas[..., 0].argmax(), canvas.shape[:2]) == (20, 50)
    assert canvas.max() == pytest.approx(0.9, rel=0.02)
    assert canvas[50, 10].max() == 0


def test_what_lies_outside_is_not_painted() -> None:
    canvas = black()
    polygon(canvas, ((-50, -50), (-20, -50), (-20, -20)), (1, 1, 1))
    stroke(canvas, ((200, 5), (300, 5)), 4, (1, 1, 1))
    disc(canvas, 40, 200, 10, (1, 1, 1))
    glow(canvas, -100, 30, 10, (1, 1, 1), 1)
    assert not canvas.any()


def test_mixing_ends_at_ground_and_paint() -> None:
    ground, amount = black() + 0.2, np.zeros((60, 80), np.float32)
    amount[:, 40:] = 1
    np.testing.assert_allclose(
        mixed(ground, (0.9, 0.5, 0.1), amount)[5, [0, 60]], [(0.2,) * 3, (0.9, 0.5, 0.1)], atol=1e-6
    )


def test_colours() -> None:
    assert between((0, 0, 0), (1, 0.5, 0.2), 0.5) == (0.5, 0.25, 0.1)
    assert scaled((0.2, 0.4, 0.6), 0.5) == (0.1, 0.2, 0.3)
    np.testing.assert_allclose(tinted((1, 2, 3), [[0.5]]), [[[0.5, 1, 1.5]]])
    middle = gradient(((0, (0, 0, 0)), (1, (1, 1, 0))), np.full((2, 2), 0.25, np.float32))
    np.testing.assert_allclose(middle[0, 0], (0.25, 0.25, 0))


def test_noise_fills_its_range_and_is_coarse_where_told() -> None:
    fine, coarse = (noise(np.random.default_rng(1), Size(60, 80), cell=(c, c), octaves=1) for c in (3, 30))
    assert fine.min() == coarse.min() == 0
    assert fine.max() == coarse.max() == 1
    assert np.abs(np.diff(fine)).mean() > 4 * np.abs(np.diff(coarse)).mean()


def test_a_shift_by_whole_points_moves_whole_points() -> None:
    canvas = np.random.default_rng(2).random((60, 80, 3), np.float32)
    np.testing.assert_allclose(shifted(canvas, 5, -3)[:57, 5:], canvas[3:, :75], atol=1e-6)


@pytest.mark.parametrize("sigma", [1.0, 8.0])
def test_out_of_focus_light_is_spread_not_lost(sigma: float) -> None:
    canvas = black(120, 160)
    canvas[56:64, 76:84] = 1
    blurred = soft(canvas, sigma)
    assert blurred.sum() == pytest.approx(canvas.sum(), rel=0.02)
    assert blurred.max() < 1.001 - 0.05 * (sigma > 4)
