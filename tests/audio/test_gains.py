import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limelight.audio.convert import SILENCE_DB, db_to_gain, gain_to_db, interpolate_gain


@given(st.floats(-300, 300))
def test_decibels_and_ratios_are_inverse(db: float) -> None:
    assert gain_to_db(db_to_gain(db)) == pytest.approx(db, abs=1e-9)
    assert gain_to_db(-db_to_gain(db)) == pytest.approx(db, abs=1e-9)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_adding_decibels_multiplies_ratios(one: float, two: float) -> None:
    assert db_to_gain(one + two) == pytest.approx(db_to_gain(one) * db_to_gain(two), rel=1e-9)


def test_known_values() -> None:
    assert db_to_gain(0.0) == 1.0
    assert db_to_gain(20.0) == pytest.approx(10.0)
    assert gain_to_db(2.0) == pytest.approx(6.0206, abs=1e-4)


def test_nothing_is_minus_infinity_and_back() -> None:
    assert gain_to_db(0.0) == -np.inf
    assert db_to_gain(-np.inf) == 0.0


def test_curve_is_linear_in_decibels_and_flat_outside() -> None:
    gains = interpolate_gain([1.0, 2.0], [0.0, -12.0], [0.0, 1.0, 1.25, 1.5, 2.0, 9.0])
    np.testing.assert_allclose(gain_to_db(gains), [0, 0, -3, -6, -12, -12], atol=1e-9)


def test_a_curve_of_zero_decibels_is_exactly_one() -> None:
    assert np.all(interpolate_gain([0.0, 0.1, 0.2], [0.0, 0.0, 0.0], np.linspace(0, 0.3, 999)) == 1.0)


def test_a_fade_to_nothing_arrives_and_never_jumps() -> None:
    gains = interpolate_gain([0.0, 1.0], [0.0, -np.inf], np.linspace(0, 1, 1001))
    assert gains[-1] == 0.0
    assert gains[500] == pytest.approx(db_to_gain(SILENCE_DB / 2))
    assert np.all(np.diff(gains) < 0)


@pytest.mark.parametrize("times", [[0.0, 0.0], [1.0, 0.0], [0.0], []])
def test_refuses_curves_that_do_not_run_forward(times: list[float]) -> None:
    with pytest.raises(ValueError, match="increasing times"):
        interpolate_gain(times, [0.0, 0.0], [0.5])
