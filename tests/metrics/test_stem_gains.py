"""Least squares against the slow way: a matrix with a column for each stem and point, solved by NumPy."""

import numpy as np
import pytest
from metrics.signals import noise, noises

from limelight.metrics.balance import in_decibels, moved, moving_gains, still_gains, validate_stems

RATE = 1000  # points 100 samples apart: small enough for the slow way


def slow_basis(stems: np.ndarray) -> np.ndarray:
    """Every stem times every hat, [N, K · T]."""
    length = stems.shape[-1]
    points = -(-length // 100) + 1
    at = np.arange(length) / 100
    hats = np.stack([np.interp(at, np.arange(points), np.eye(points)[t]) for t in range(points)])  # [T, N]
    return np.concatenate([stem * hats for stem in stems]).T


@pytest.mark.parametrize("length", [1000, 1042, 99, 1])
def test_moving_gains_are_the_slow_least_squares(length: int) -> None:
    stems = np.stack([noise(k, length) for k in range(3)])
    signal = noise(9, length) + stems.sum(axis=0)
    basis = slow_basis(stems)
    best = basis @ np.linalg.lstsq(basis, signal, rcond=None)[0]
    found = moved(stems, moving_gains(signal, stems, sample_rate=RATE), sample_rate=RATE).sum(axis=0)
    np.testing.assert_allclose(found, best, atol=2e-4)


def test_channels_are_explained_together() -> None:
    stems = np.stack([noise(k, 1600).reshape(2, 800) for k in range(3)])  # [K, C, N]
    signal = stems.sum(axis=0) + 0.1 * noise(9, 1600).reshape(2, 800)
    basis = np.concatenate([slow_basis(stems[:, c]) for c in range(2)])
    best = (basis @ np.linalg.lstsq(basis, signal.ravel(), rcond=None)[0]).reshape(2, 800)
    found = moved(stems, moving_gains(signal, stems, sample_rate=RATE), sample_rate=RATE).sum(axis=0)
    np.testing.assert_allclose(found, best, atol=1e-6)


def test_gains_that_move_on_the_grid_are_found_exactly() -> None:
    stems = np.stack([noise(k, 2000) for k in range(3)])
    gains = np.random.default_rng(0).uniform(0.2, 3, (3, 21))
    signal = moved(stems, gains, sample_rate=RATE).sum(axis=0)
    np.testing.assert_allclose(moving_gains(signal, stems, sample_rate=RATE), gains, atol=1e-4)


def test_still_gains_by_hand() -> None:
    stems = np.array([[1.0, 0, 0, 0], [0, 1, 1, 0]])
    np.testing.assert_allclose(still_gains(np.array([3.0, 1, 2, 7]), stems), [3, 1.5])


def test_still_gains_are_numpys() -> None:
    stems, signal = noises(0.1), noise(8, 4410)
    best = np.linalg.lstsq(stems.T, signal, rcond=None)[0]
    np.testing.assert_allclose(still_gains(signal, stems), best, rtol=1e-5)


def test_silent_and_equal_stems_are_no_trouble() -> None:
    x = noise(0, 1000)
    stems = np.stack([x, x, 0 * x])
    np.testing.assert_allclose(still_gains(x, stems), [0.5, 0.5, 0], atol=1e-5)
    gains = moving_gains(x, stems, sample_rate=RATE)
    np.testing.assert_allclose(moved(stems, gains, sample_rate=RATE).sum(axis=0), x, atol=1e-5)
    assert not gains[2].any()
    assert not moving_gains(0 * x, 0 * stems, sample_rate=RATE).any()


def test_levels_have_a_floor() -> None:
    np.testing.assert_allclose(in_decibels(np.array([1.0, -10.0, 0.0]), floor_db=-40), [0, 20, -40])


def test_what_does_not_fit_is_refused() -> None:
    x = noise(0, 100)
    for stems in (x, np.stack([x[:-1]]), np.zeros((0, 100))):
        with pytest.raises(ValueError, match="must fit"):
            validate_stems(x, stems)
    with pytest.raises(ValueError, match="finite"):
        validate_stems(x, np.stack([x, np.full(100, np.nan)]))
