from __future__ import annotations

import math

import numpy as np
import pytest

from limelight.metrics.balance import decided_change_db, decided_error_db, there

ALL = np.array([True, True, True])


def test_the_right_gains_have_no_error_at_any_level() -> None:
    right = np.array([[9.0], [-9.0], [-9.0]])
    assert decided_error_db(right, right, ALL) == 0
    assert decided_error_db(right + 5, right, ALL) == pytest.approx(0)  # one gain for all is no balance


def test_doing_nothing_is_as_far_off_as_the_mix_is() -> None:
    right = np.array([[9.0], [-9.0], [-9.0]])  # mean −3
    assert decided_error_db(np.zeros((3, 1)), right, ALL) == pytest.approx((12 + 6 + 6) / 3)


def test_curves_count_by_their_mean() -> None:
    moving = np.array([[0.0, 4.0], [2.0, 2.0], [2.0, 2.0]])
    assert decided_error_db(moving, np.zeros((3, 5)), ALL) == pytest.approx(0)
    assert decided_change_db(moving, ALL) == pytest.approx(2)
    assert decided_change_db(np.array([[-3.0, 3.0]] * 3), ALL) == 3  # here there and back is not nothing


def test_stems_that_are_not_there_do_not_count() -> None:
    gains, here = np.array([[1.0], [2.0], [50.0]]), np.array([True, True, False])
    assert decided_error_db(gains, np.zeros((3, 1)), here) == pytest.approx(0.5)
    assert decided_change_db(gains, here) == pytest.approx(1.5)
    assert math.isnan(decided_error_db(gains, np.zeros((3, 1)), np.array([True, False, False])))
    assert math.isnan(decided_change_db(gains, np.zeros(3, bool)))


def test_a_stem_is_there_however_far_behind() -> None:
    stems = np.zeros((3, 1, 100), np.float32)
    stems[0, 0, 7] = 2e-4
    stems[1, 0, 7] = 5e-5
    assert there(stems).tolist() == [True, False, False]
