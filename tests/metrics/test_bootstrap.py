import numpy as np
import pytest
from scipy import stats

from limelight.metrics.bootstrap import FEWEST_CLIPS, Interval, interval, negative, paired_difference, share_gone


def test_the_interval_of_a_mean_is_scipys() -> None:
    values = np.random.default_rng(0).exponential(1.0, 80)
    found = interval(values)
    slow = stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(1))
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(slow.confidence_interval), abs=0.02)


def test_the_mean_is_covered_about_as_often_as_is_said() -> None:
    rng = np.random.default_rng(4)
    covered = sum(of.low <= 0 <= of.high for of in (interval(rng.standard_normal(40)) for _ in range(60)))
    assert 50 <= covered <= 60  # 57 expected


def test_pairs_see_what_single_intervals_cannot() -> None:
    clips = 10 * np.random.default_rng(1).standard_normal(50)  # clips differ far more than methods
    better = clips - 0.2 - 0.1 * np.random.default_rng(2).standard_normal(50)
    first, second = interval(better), interval(clips)
    assert first.high > second.low
    difference = paired_difference(better, clips)
    assert difference.value == pytest.approx(np.mean(better - clips))
    assert difference.leaves_out_zero
    assert difference.high < 0


def test_no_difference_is_none() -> None:
    x = np.random.default_rng(1).standard_normal(50)
    same = paired_difference(x, x)
    assert (same.value, same.low, same.high, same.leaves_out_zero) == (0, 0, 0, False)


def test_the_picture_s_share_by_hand() -> None:
    without = np.array([1.0, 2.0, 3.0, 4.0])
    half = share_gone(0.5 * without, without)
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.5, 0.5))
    assert share_gone(without, without).value == 0
    assert share_gone(2 * without, without).value == pytest.approx(-1)


def test_a_share_the_other_way_round() -> None:
    assert negative(Interval(0.1, -0.2, 0.3, 12)) == Interval(-0.1, -0.3, 0.2, 12)


def test_clips_without_a_figure_are_left_out_of_both() -> None:
    found = paired_difference([1.0, np.nan, 3.0], [0.0, 5.0, np.nan])
    assert found.value == 1
    assert interval([np.nan, 2.0, 4.0]).value == 3
    assert np.isnan(interval([np.nan]).value)
    assert not interval([]).leaves_out_zero
    assert np.isnan(share_gone([1.0], [0.0]).value)


def test_one_clip_is_sure_of_nothing_but_itself() -> None:
    only = interval([2.0])
    assert (only.low, only.high) == (2, 2)


def test_a_few_clips_show_nothing_however_much_they_agree() -> None:
    few, enough = (paired_difference(np.arange(n) + 1.0, np.arange(n)) for n in (FEWEST_CLIPS - 1, FEWEST_CLIPS))
    assert (few.low, few.high) == (1, 1)
    assert not few.leaves_out_zero
    assert enough.leaves_out_zero


def test_other_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="the same clips"):
        paired_difference([1.0, 2.0], [1.0])
