"""The controls that know the truth behave as theory says."""

import numpy as np
import pytest
from metrics.signals import noise, noises

from limelight.metrics.balance import best_gain, best_remix, gain_error_db
from limelight.metrics.papers import SAMPLE_RATE, mag
from limelight.metrics.registry import measure


@pytest.fixture(scope="module")
def stems() -> np.ndarray:
    return noises(1.0)


def test_best_gain_is_as_good_as_any_that_is_tried(stems: np.ndarray) -> None:
    source = (stems * np.array([0.5, 2, 2])[:, None]).sum(axis=0)
    target = stems.sum(axis=0)
    found = mag(best_gain(source, target) * source, target)
    tried = min(mag(10 ** (db / 20) * source, target) for db in np.arange(-12, 6, 0.5))
    assert found <= tried * 1.001


def test_best_gain_lowers_mag_and_nothing_that_is_level_matched(stems: np.ndarray) -> None:
    source, target = (stems * np.array([0.5, 2, 2])[:, None]).sum(axis=0), stems.sum(axis=0)
    before = measure(source, target)
    after = measure(best_gain(source, target) * source, target)
    assert after["mag"] < before["mag"]
    assert after["mag_level_matched"] == pytest.approx(before["mag_level_matched"], rel=1e-3)


def test_true_stems_reach_the_target_also_where_gains_move(stems: np.ndarray) -> None:
    fade = np.interp(np.arange(stems.shape[1]), [0, stems.shape[1]], [0.25, 2])
    degraded = np.stack([stems[0] * fade, stems[1] * 3, stems[2] / 4])
    target, source = stems.sum(axis=0), degraded.sum(axis=0)
    remix = best_remix(source[None], target[None], degraded[:, None], sample_rate=SAMPLE_RATE)[0]
    assert mag(remix, target) < 0.005 * mag(source, target)
    assert gain_error_db(remix, target, stems) < 0.01


def test_a_right_mix_is_left_alone(stems: np.ndarray) -> None:
    target = stems.sum(axis=0)[None]
    np.testing.assert_allclose(best_remix(target, target, stems[:, None], sample_rate=SAMPLE_RATE), target, atol=1e-6)


def test_worse_stems_reach_less(stems: np.ndarray) -> None:
    """Stems that hold what does not belong to them: worse than true ones, not worse than doing nothing."""
    degraded = stems * np.array([0.3, 2, 1])[:, None]
    shared = degraded + noise(99, stems.shape[1], 0.03) * np.array([1, 1, -2])[:, None]
    target, source = stems.sum(axis=0), degraded.sum(axis=0)
    np.testing.assert_allclose(shared.sum(axis=0), source)
    errors = [
        np.linalg.norm(best_remix(source, target, parts, sample_rate=SAMPLE_RATE) - target)
        for parts in (degraded, shared)
    ]
    assert errors[0] < 0.1 * errors[1]
    assert errors[1] < np.linalg.norm(source - target)


def test_what_stems_cannot_explain_stays(stems: np.ndarray) -> None:
    """Noise that is in no stem is not taken away by gains."""
    alien = noise(99, stems.shape[1], 0.02)
    target = stems.sum(axis=0)
    remix = best_remix(target + alien, target, stems, sample_rate=SAMPLE_RATE)
    assert np.linalg.norm(remix - target) > 0.95 * np.linalg.norm(alien)
