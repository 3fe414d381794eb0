from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from limelight.mixing.planner import LARGEST_DB, RAMP_SECONDS, smooth

STEP = 0.1
NO_CUTS = np.zeros(0)
CURVES = arrays(np.float64, st.tuples(st.just(3), st.integers(1, 90)), elements=st.floats(-30, 30))
CUTS = st.lists(st.floats(0, 9), max_size=5).map(lambda cuts: np.array(sorted(cuts)))


def naive(curves: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """The definition, point by point."""
    curves = np.clip(curves, -LARGEST_DB, LARGEST_DB)
    steps = curves.shape[1]
    times = np.arange(steps) * STEP
    shot = np.array([(cuts <= t).sum() for t in times])
    out = np.zeros_like(curves)
    for t in range(steps):
        weights = np.exp(-0.5 * ((times - times[t]) / 1.0) ** 2) * np.where(shot == shot[t], 1, 0.2)
        weights[np.abs(np.arange(steps) - t) > 30] = 0
        out[:, t] = curves @ weights / weights.sum()
    ends = np.clip(np.arange(steps)[:, None] + [-1, 0, 1], 0, steps - 1)
    return out[:, ends].mean(axis=2)


@given(CURVES, CUTS)
@settings(max_examples=40, deadline=None)
def test_it_is_what_it_says(curves: np.ndarray, cuts: np.ndarray) -> None:
    np.testing.assert_allclose(smooth(curves, cuts, step_seconds=STEP), naive(curves, cuts), atol=1e-9)


@given(CURVES, CUTS)
@settings(max_examples=40, deadline=None)
def test_it_stays_within_the_curve_and_the_bound(curves: np.ndarray, cuts: np.ndarray) -> None:
    clipped = np.clip(curves, -LARGEST_DB, LARGEST_DB)
    found = smooth(curves, cuts, step_seconds=STEP)
    assert (found <= clipped.max(axis=1, keepdims=True) + 1e-9).all()
    assert (found >= clipped.min(axis=1, keepdims=True) - 1e-9).all()


@given(CURVES)
@settings(max_examples=40, deadline=None)
def test_slopes_are_bounded_where_there_is_no_cut(curves: np.ndarray) -> None:
    """At worst a jump over the whole range in the middle of a film: the Gaussian's peak times the range, per second."""
    found = smooth(curves, NO_CUTS, step_seconds=STEP)
    # Near an end only half of the Gaussian is left to average over.
    assert np.abs(np.diff(found, axis=1)).max(initial=0) <= 2 * 2 * LARGEST_DB * STEP / np.sqrt(2 * np.pi) * 1.05


@given(CURVES, CUTS)
@settings(max_examples=40, deadline=None)
def test_slopes_are_bounded_at_cuts_too(curves: np.ndarray, cuts: np.ndarray) -> None:
    found = smooth(curves, cuts, step_seconds=STEP)
    assert np.abs(np.diff(found, axis=1)).max(initial=0) <= 2 * LARGEST_DB * STEP / RAMP_SECONDS + 1e-9


@pytest.mark.parametrize("steps", [1, 2, 3, 500])
def test_constant_curves_stay(steps: int) -> None:
    curves = np.tile([[3.0], [-4.0], [0.0]], (1, steps))
    np.testing.assert_allclose(smooth(curves, np.array([0.05, 7.0]), step_seconds=STEP), curves, atol=1e-12)


def test_zero_stays_exactly_zero() -> None:
    assert not smooth(np.zeros((3, 70)), np.array([3.0]), step_seconds=STEP).any()


def test_a_cut_is_crossed_quickly_and_a_shot_slowly() -> None:
    curves = np.repeat(np.where(np.arange(200) < 100, -6.0, 6.0)[None], 3, axis=0)
    with_cut = smooth(curves, np.array([10.0]), step_seconds=STEP)[0]
    without = smooth(curves, NO_CUTS, step_seconds=STEP)[0]
    assert with_cut[101] - with_cut[98] > 7
    assert without[101] - without[98] < 2
    np.testing.assert_allclose(with_cut + with_cut[::-1], 0, atol=1e-9)
    np.testing.assert_allclose(without + without[::-1], 0, atol=1e-9)


def test_time_can_run_backwards() -> None:
    curves = np.random.default_rng(0).uniform(-10, 10, (3, 80))
    cuts = np.array([2.05, 5.55])
    there = smooth(curves, cuts, step_seconds=STEP)
    back = smooth(curves[:, ::-1], 7.9 - cuts[::-1], step_seconds=STEP)
    np.testing.assert_allclose(back[:, ::-1], there, atol=1e-9)
