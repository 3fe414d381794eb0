import numpy as np
import pytest
from metrics.signals import noise, noises

from limelight.metrics.balance import artefacts_db, balance_error_lu, gain_change_db, gain_error_db, si_sdr_db
from limelight.metrics.papers import env, level_matched, mag, w_dis
from limelight.metrics.registry import measure


@pytest.mark.parametrize("gain", [0.3, 1.0, 2.5])
def test_looking_once_gives_what_looking_each_time_gives(gain: float) -> None:
    target = noise(1)
    output = gain * (target + noise(2, rms=0.03))
    matched = level_matched(output, target)
    slow = {
        "mag": mag(output, target),
        "env": env(output, target),
        "env_pooled": env(output, target),
        "w_dis": w_dis(output, target),
        "mag_level_matched": mag(matched, target),
        "env_level_matched": env(matched, target),
        "si_sdr_db": si_sdr_db(output, target),
    }
    assert measure(output, target) == pytest.approx(slow, rel=1e-9)


def test_stems_bring_their_metrics_at_one_explanation_for_all() -> None:
    stems = noises()
    target = stems.sum(axis=0)
    output = 0.5 * stems[0] + stems[1] + 2 * stems[2] + noise(9, stems.shape[1], 0.01)
    more = {
        "gain_error_db": gain_error_db(output, target, stems),
        "balance_error_lu": balance_error_lu(output, target, stems),
        "artefacts_db": artefacts_db(output, stems),
    }
    found = measure(output, target, stems=stems)
    assert found == pytest.approx(measure(output, target) | more)
    assert measure(output, target, stems=stems, only=more) == pytest.approx(more)
    clean = measure(output, target, stems=stems, clean=True)
    assert clean["clean_mix_gain_db"] == pytest.approx(gain_change_db(output, target, stems))
    assert set(clean) - set(found) == {"clean_mix_change", "clean_mix_gain_db"}


def test_a_single_gain_cannot_lower_what_is_level_matched() -> None:
    target, source = noise(1), noise(1) + noise(2, rms=0.05)
    before = measure(source, target)
    for gain in (0.1, 0.7, 3.0):
        after = measure(gain * source, target)
        for name in ("mag_level_matched", "env_level_matched"):
            assert after[name] == pytest.approx(before[name], rel=1e-4)


def test_a_clean_mix_is_changed_but_not_by_its_level() -> None:
    good = noise(1)

    def change(output: np.ndarray) -> float:
        return measure(output, good, clean=True, only=["clean_mix_change"])["clean_mix_change"]

    assert change(good) == 0
    assert change(0.5 * good) < 1e-4 * mag(0 * good, good)
    louder_noise = [change(good + noise(2, rms=rms)) for rms in (0.01, 0.05)]
    assert 0 < louder_noise[0] < louder_noise[1]


def test_silence_has_figures() -> None:
    nothing, x = np.zeros(30_000), noise(0)
    assert {value for value in measure(nothing, nothing).values() if not np.isnan(value)} == {0.0}
    found = measure(nothing, x)
    assert found["mag_level_matched"] == found["mag"] == pytest.approx(mag(nothing, x))


def test_what_has_no_meaning_is_refused() -> None:
    x, broken = noise(0), noise(0)
    broken[3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        measure(broken, x)
    with pytest.raises(ValueError, match="one length"):
        measure(x[:-1], x)
    with pytest.raises(ValueError, match="must fit"):
        measure(x, x, stems=np.stack([x, x, x])[:, 1:])
    with pytest.raises(KeyError):
        measure(x, x, only=["beauty"])
