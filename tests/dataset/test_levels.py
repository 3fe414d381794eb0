import numpy as np
import pytest
from dataset.stems import levels_of, make_stems
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.audio.loudness import integrated_loudness
from limelight.dataset.levels import StemLevels, is_heard, smoothed
from limelight.dataset.sounds import SAMPLE_RATE


def test_loudness_is_bs1770_and_silence_is_a_value() -> None:
    stems = make_stems(db=(-20, -np.inf, -30))
    levels = levels_of(stems)
    assert levels.loudness_lufs["music"] == -np.inf
    assert levels.loudness_lufs["speech"] == integrated_loudness(stems[0], SAMPLE_RATE, layout="mono")
    assert levels.audible == ["speech", "effects"]


def test_what_lies_far_behind_the_mix_is_not_heard() -> None:
    assert is_heard({"speech": -20.0, "music": -49.9, "effects": -50.2}, -20.0) == ["speech", "music"]
    assert is_heard({"speech": None, "music": -30.0, "effects": -np.inf}, -30.0) == ["music"]
    assert is_heard({"speech": None, "music": None, "effects": None}, None) == []


def test_activity_follows_the_talking() -> None:
    active = levels_of(make_stems(8.0)).active("speech")  # [T], ten a second
    assert not active[:17].any()
    assert active[23:37].all()
    assert not active[43:57].any()
    assert not levels_of(make_stems(db=(-np.inf, -20, -20))).active("speech").any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-40, 40), min_size=1, max_size=60), st.floats(0.1, 4))
def test_smoothing_keeps_length_and_stays_within_bounds(values: list[float], seconds: float) -> None:
    soft = smoothed(np.array(values), seconds)
    assert soft.shape == (len(values),)
    assert min(values) - 1e-9 <= soft.min() <= soft.max() <= max(values) + 1e-9


def test_smoothing_leaves_constants_alone() -> None:
    assert smoothed(np.full(30, -7.0), 2.0) == pytest.approx(-7.0)


def test_powers_have_ten_columns_a_second() -> None:
    assert StemLevels.of(make_stems(2.0), layout="mono").powers.shape == (3, 20)
