import numpy as np
import pytest
from metrics.signals import noise, noises

from limelight.metrics.balance import LIMIT_DB, artefacts_db, ratio_db, si_sdr_db
from limelight.metrics.papers import SAMPLE_RATE


def slow_si_sdr(output: np.ndarray, target: np.ndarray) -> float:
    """Sample by sample, as the paper has it."""
    alpha = sum(y * t for y, t in zip(output, target, strict=True)) / sum(t * t for t in target)
    wanted = sum((alpha * t) ** 2 for t in target)
    return 10 * np.log10(wanted / sum((alpha * t - y) ** 2 for y, t in zip(output, target, strict=True)))


def test_si_sdr_is_the_slow_one() -> None:
    target = noise(0, 3000)
    output = 0.4 * target + noise(1, 3000, 0.02)
    assert si_sdr_db(output, target) == pytest.approx(slow_si_sdr(output, target))


def test_si_sdr_by_hand() -> None:
    """Target (1, 0), output (3, 1): the part along the target is 3, what is left is 1; 20 log₁₀ 3 dB. Level is nothing."""
    for gain in (1.0, 10.0, -1.0):
        assert si_sdr_db(gain * np.array([3.0, 1.0]), np.array([1.0, 0.0])) == pytest.approx(20 * np.log10(3))


def test_ends_of_the_scale() -> None:
    x, nothing = noise(0), np.zeros(30_000)
    assert si_sdr_db(x, x) == LIMIT_DB
    assert si_sdr_db(np.array([0.0, 1.0]), np.array([1.0, 0.0])) == -LIMIT_DB
    assert np.isnan(si_sdr_db(x, nothing))
    assert np.isnan(artefacts_db(nothing, np.zeros((3, 30_000))))


def test_nobody_wins_by_silence() -> None:
    x, nothing = noise(0), np.zeros(30_000)
    assert si_sdr_db(nothing, x) == -LIMIT_DB
    assert artefacts_db(nothing, np.stack([x, x])) == -LIMIT_DB
    assert artefacts_db(x, np.zeros((3, 30_000))) != artefacts_db(x, np.stack([x, x]))
    assert ratio_db(nothing, nothing) == -LIMIT_DB


def test_one_sample_late_is_a_great_distance_for_noise() -> None:
    x = noise(0)
    assert si_sdr_db(np.roll(x, 1), x) < -20


def test_a_mix_of_clean_stems_has_no_artefacts_however_its_gains_move() -> None:
    stems = noises(1.0)
    time = np.arange(stems.shape[1]) / SAMPLE_RATE
    gains = np.stack([1 + 0.8 * np.sin(2 * np.pi * 0.5 * time), np.interp(time, [0, 1], [0.2, 3]), 0 * time + 2])
    for output in (stems.sum(axis=0), (stems * gains).sum(axis=0), stems[0]):
        assert artefacts_db(output, stems) > 45


@pytest.mark.parametrize("below_db", [10.0, 20.0, 40.0])
def test_noise_of_a_known_level_is_found(below_db: float) -> None:
    stems = noises(2.0)
    mix = stems.sum(axis=0)
    alien = noise(77, stems.shape[1], 1.0)
    alien *= 10 ** (-below_db / 20) * np.linalg.norm(mix) / np.linalg.norm(alien)
    # Gains with 60 points explain a thousandth of 88,200 samples of noise.
    assert artefacts_db(mix + alien, stems) == pytest.approx(below_db, abs=0.2)


def test_what_has_no_meaning_is_refused() -> None:
    stems = noises(0.2)
    with pytest.raises(ValueError, match="must fit"):
        artefacts_db(stems[0][:-1], stems)
    with pytest.raises(ValueError, match="finite"):
        artefacts_db(np.full(stems.shape[1], np.nan), stems)
    with pytest.raises(ValueError, match="mono"):
        si_sdr_db(stems, stems)


def test_golden_values() -> None:
    stems = noises(seed=21)
    output = stems.sum(axis=0) + noise(5, stems.shape[1], 0.02)
    assert [si_sdr_db(output, stems.sum(axis=0)), artefacts_db(output, stems)] == pytest.approx(GOLDEN, rel=1e-6)


GOLDEN = [16.76164089, 16.76418986]
