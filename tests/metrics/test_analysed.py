import numpy as np
import pytest
from metrics.signals import noise

from limelight.metrics.analysed import Analysed, clean_mix_change, papers_metrics
from limelight.metrics.papers import env, level_matched, mag, w_dis


@pytest.mark.parametrize("gain", [0.3, 1.0, 2.5])
def test_looking_once_gives_what_looking_each_time_gives(gain: float) -> None:
    target = noise(1)
    output = gain * (target + noise(2, rms=0.03))
    matched = level_matched(output, target)
    found = papers_metrics(Analysed(output), Analysed(target))
    slow = {
        "mag": mag(output, target),
        "env": env(output, target),
        "w_dis": w_dis(output, target),
        "mag_level_matched": mag(matched, target),
        "env_level_matched": env(matched, target),
    }
    assert found == pytest.approx(slow, rel=1e-9)


def test_a_single_gain_cannot_lower_what_is_level_matched() -> None:
    target, source = noise(1), noise(1) + noise(2, rms=0.05)
    before = papers_metrics(Analysed(source), Analysed(target))
    for gain in (0.1, 0.7, 3.0):
        after = papers_metrics(Analysed(gain * source), Analysed(target))
        for name in ("mag_level_matched", "env_level_matched"):
            assert after[name] == pytest.approx(before[name], rel=1e-4)


def test_harm_is_change_but_not_of_level() -> None:
    good = noise(1)
    assert clean_mix_change(Analysed(good), Analysed(good)) == 0
    assert clean_mix_change(Analysed(0.5 * good), Analysed(good)) < 1e-4 * mag(0 * good, good)
    louder_noise = [clean_mix_change(Analysed(good + noise(2, rms=rms)), Analysed(good)) for rms in (0.01, 0.05)]
    assert 0 < louder_noise[0] < louder_noise[1]


def test_silence_has_figures() -> None:
    nothing, x = np.zeros(30_000), noise(0)
    assert set(papers_metrics(Analysed(nothing), Analysed(nothing)).values()) == {0.0}
    found = papers_metrics(Analysed(nothing), Analysed(x))
    assert found["mag_level_matched"] == found["mag"] == pytest.approx(mag(nothing, x))


@pytest.mark.parametrize("compare", [papers_metrics, clean_mix_change])
def test_what_has_no_meaning_is_refused(compare) -> None:
    x, broken = noise(0), noise(0)
    broken[3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        compare(Analysed(broken), Analysed(x))
    with pytest.raises(ValueError, match="one length"):
        compare(Analysed(x[:-1]), Analysed(x))
