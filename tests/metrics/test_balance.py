import numpy as np
import pytest
from metrics.signals import noise, noises
from scipy import signal as scipy_signal

from limelight.audio.loudness import k_weighting_biquads
from limelight.metrics.balance import LARGEST_DB, audible, balance_error_lu, gain_change_db, gain_error_db
from limelight.metrics.papers import SAMPLE_RATE


def remixed(stems: np.ndarray, *gains_db: float) -> np.ndarray:
    return (stems * 10 ** (np.array(gains_db)[:, None] / 20)).sum(axis=0)


def test_the_right_balance_has_no_error_at_any_level() -> None:
    stems = noises()
    target = stems.sum(axis=0)
    for output in (target, 0.2 * target, -target):
        assert gain_error_db(output, target, stems) == pytest.approx(0, abs=1e-6)
        assert balance_error_lu(output, target, stems) == pytest.approx(0, abs=1e-4)


def test_gain_error_by_hand() -> None:
    """Gains −6, +6, +6 lie 8, 4 and 4 dB from their mean; with one stem silent, −6 and +6 lie 6 dB from theirs."""
    stems = noises()
    target = stems.sum(axis=0)
    assert gain_error_db(remixed(stems, -6, 6, 6), target, stems) == pytest.approx(16 / 3, abs=1e-6)
    stems[2] = 0
    target = stems.sum(axis=0)
    assert gain_error_db(remixed(stems, -6, 6, 12), target, stems) == pytest.approx(6, abs=1e-6)


def test_gain_change_by_hand() -> None:
    """Speech down by 6 dB and nothing else; the level is the mix's again, so all of it is up by what went missing."""
    stems = noises(rms=(0.1, 0.1, 0.1))
    good = stems.sum(axis=0)
    for output in (good, 0.3 * good):  # loudness is no change
        assert gain_change_db(output, good, stems) == pytest.approx(0, abs=1e-3)
    up = 10 * np.log10(3 / (2 + 10**-0.6))
    expected = (6 - up + 2 * up) / 3
    assert gain_change_db(remixed(stems, -6, 0, 0), good, stems) == pytest.approx(expected, abs=0.05)
    assert np.isnan(gain_change_db(good, good, 0 * stems))


def test_a_stem_that_is_gone_is_far_off_but_not_infinitely() -> None:
    stems = noises(rms=(0.1, 0.1, 0.0))
    target = stems.sum(axis=0)
    assert gain_error_db(stems[0], target, stems) == pytest.approx(LARGEST_DB / 2, abs=0.1)


def slow_balance(output_parts: list[np.ndarray], target_parts: list[np.ndarray]) -> float:
    """Each second by itself, weighted by SciPy's filters."""
    sections = [[b.b0, b.b1, b.b2, 1, b.a1, b.a2] for b in k_weighting_biquads(SAMPLE_RATE)]
    powers = [
        np.array([np.mean(x[n : n + SAMPLE_RATE] ** 2) for n in range(0, len(x) - SAMPLE_RATE + 1, SAMPLE_RATE // 10)])
        for x in (scipy_signal.sosfilt(sections, part) for part in (*output_parts, *target_parts))
    ]
    found, wished = powers[0] / powers[1], powers[2] / powers[3]
    return float(np.mean(np.abs(10 * np.log10(found / wished))))


def test_balance_error_is_the_slow_one() -> None:
    stems = noises(2.5)
    fade = np.linspace(1, 3, stems.shape[1])
    target, parts = stems.sum(axis=0), [stems[0] * fade, stems[1] * 0.5 + stems[2]]
    slow = slow_balance(parts, [stems[0], stems[1] + stems[2]])
    assert balance_error_lu(sum(parts), target, stems) == pytest.approx(slow, rel=1e-3)


def test_balance_error_by_hand() -> None:
    """Speech 6 dB up against a background that stays: 6 LU everywhere."""
    stems = noises()
    assert balance_error_lu(remixed(stems, 6, 0, 0), stems.sum(axis=0), stems) == pytest.approx(6, abs=0.01)
    assert balance_error_lu(remixed(stems, -3, -9, -9), stems.sum(axis=0), stems) == pytest.approx(6, abs=0.01)


def test_without_a_balance_there_is_no_error() -> None:
    stems = noises(rms=(0.1, 0.0, 0.0))
    assert np.isnan(gain_error_db(stems[0], stems[0], stems))
    assert np.isnan(balance_error_lu(stems[0], stems[0], stems))
    unspoken = noises(rms=(0.0, 0.1, 0.1))
    assert np.isnan(balance_error_lu(unspoken[1], unspoken.sum(axis=0), unspoken))
    short = noises(0.05)
    assert np.isnan(balance_error_lu(short.sum(axis=0), short.sum(axis=0), short))


def test_one_sample_late_is_no_other_balance_for_low_sounds_but_another_sound_for_noise() -> None:
    """Least squares compares waveforms: an output has to be in step with the stems to the sample."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    low = np.stack([0.1 * np.sin(2 * np.pi * hertz * time) for hertz in (110, 170, 250)])
    target = low.sum(axis=0)
    assert gain_error_db(np.roll(target, 1), target, low) < 0.02
    noisy = np.stack([low[0], low[1], noise(1, time.size)])
    target = noisy.sum(axis=0)
    assert gain_error_db(np.roll(target, 1), target, noisy) > 10


def test_nobody_wins_by_silence() -> None:
    stems = noises()
    target = stems.sum(axis=0)
    assert gain_error_db(0 * target, target, stems) == LARGEST_DB
    assert balance_error_lu(0 * target, target, stems) == LARGEST_DB


def test_who_is_heard() -> None:
    assert audible(noises(rms=(0.1, 0.001, 0.01))).tolist() == [True, False, True]
    assert not audible(np.zeros((3, 100))).any()


@pytest.mark.parametrize("metric", [gain_error_db, balance_error_lu])
def test_what_has_no_meaning_is_refused(metric) -> None:
    stems = noises(0.5)
    target = stems.sum(axis=0)
    with pytest.raises(ValueError, match="finite"):
        metric(np.full_like(target, np.nan), target, stems)
    with pytest.raises(ValueError, match="must fit"):
        metric(target, target, stems[:, :-1])
    with pytest.raises(ValueError, match=r"mono|must fit"):
        metric(np.stack([target, target]), np.stack([target, target]), stems)


def test_golden_values() -> None:
    stems = noises(seed=11)
    output = remixed(stems, -4, 3, 0) + noise(5, stems.shape[1], 0.01)
    found = [gain_error_db(output, stems.sum(axis=0), stems), balance_error_lu(output, stems.sum(axis=0), stems)]
    assert found == pytest.approx(GOLDEN, rel=1e-6)


GOLDEN = [2.443622104, 5.104857700]
