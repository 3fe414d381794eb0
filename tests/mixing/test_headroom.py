from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import cut, noise, programme
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.peaks import LimiterConfig, limit
from limelight.mixing.features import PeakSteps, passed_power


def peaks_of(sound: np.ndarray, sizes: list[int]) -> np.ndarray:
    steps = PeakSteps(8000)
    for block in cut(sound, sizes):
        steps.push(block)
    return steps.finish()


@given(sizes=st.lists(st.integers(1, 500), min_size=1, max_size=4), samples=st.integers(0, 2000))
@settings(max_examples=40, deadline=None)
def test_peaks_are_the_highest_of_each_step(sizes: list[int], samples: int) -> None:
    sound = noise(2, samples)
    padded = np.pad(np.abs(sound).max(axis=0), (0, 80 - samples % 80))
    np.testing.assert_array_equal(peaks_of(sound, sizes), padded.reshape(-1, 80).max(axis=1))


def test_under_the_ceiling_all_passes() -> None:
    tokens = np.arange(50) // 8
    peaks = np.linspace(0, 10 ** (-1 / 20), 50)
    np.testing.assert_allclose(passed_power(peaks, tokens, 7, ceiling_dbtp=-1.0), 1)


def test_a_tone_over_the_ceiling_comes_down_to_it() -> None:
    passed = passed_power(np.full(50, 2.0), np.arange(50) // 8, 7, ceiling_dbtp=-3.0)
    np.testing.assert_allclose(10 * np.log10(passed), -3 - 20 * np.log10(2), atol=1e-9)


def test_tokens_without_a_step_let_all_pass() -> None:
    np.testing.assert_array_equal(passed_power(np.ones(3), np.array([1, 1, 1]), 4, ceiling_dbtp=0.0), 1)


@pytest.mark.parametrize("push_db", [3.0, 9.0, 15.0])
def test_it_foretells_what_the_limiter_leaves(push_db: float) -> None:
    sound = programme(2, 6, 8000) * np.float32(10 ** (push_db / 20))
    peaks = peaks_of(sound, [999])
    powers = np.square(peaks)
    passed = passed_power(peaks, np.zeros(len(peaks), int), 1, ceiling_dbtp=-1.0)[0]
    limited = limit(sound, 8000, LimiterConfig(ceiling_dbtp=-1.0))
    after = np.square(peaks_of(limited, [999])).sum() / powers.sum()
    assert 10 * np.log10(passed) == pytest.approx(10 * np.log10(after), abs=0.5)
