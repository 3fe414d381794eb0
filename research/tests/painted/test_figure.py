import numpy as np
import pytest

from research.painted.figure import (
    Dress,
    Posture,
    draw_dancing,
    draw_dress,
    draw_figure,
    lunging,
    running,
    standing,
    struck,
)

WHITE = Dress((1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1))


def shape(posture: Posture, facing: int = 1) -> np.ndarray:
    canvas = np.zeros((120, 160, 3), np.float32)
    draw_figure(canvas, posture, (80, 110), 90, WHITE, facing=facing)
    return canvas[..., 0] > 0.3


def test_stands_on_its_feet_and_is_as_tall_as_told() -> None:
    rows = np.flatnonzero(shape(standing()).any(axis=1))
    assert abs(rows[-1] - 110) < 5
    assert rows[-1] - rows[0] == pytest.approx(90, rel=0.15)


def test_turned_round_it_is_mirrored() -> None:
    right, left = shape(lunging()), shape(lunging(), facing=-1)
    assert (right[:, 1:] ^ left[:, :0:-1]).sum() < 0.1 * right.sum()


def test_a_blow_reaches_forwards_and_who_is_struck_leans_back() -> None:
    def reach(posture: Posture) -> float:
        return float(np.flatnonzero(shape(posture)[:60].any(axis=0)).mean())

    assert reach(lunging()) > reach(standing()) > reach(struck())


def test_a_stride_comes_back_to_where_it_began() -> None:
    np.testing.assert_allclose(running(0.3).angles, running(1.3).angles, atol=1e-9)
    assert np.abs(running(0.3).angles - running(0.8).angles).max() > 0.5


def test_on_the_way_lies_between() -> None:
    one, other = standing(), lunging()
    np.testing.assert_array_equal(one.toward(other, 0).angles, one.angles)
    np.testing.assert_allclose(one.toward(other, 1).angles, other.angles)


def test_dances_and_dresses_differ() -> None:
    rng = np.random.default_rng(1)
    assert np.abs(draw_dancing(rng).angles - draw_dancing(rng).angles).max() > 0.1
    assert draw_dress(rng, light=1.0) != draw_dress(rng, light=1.0)
