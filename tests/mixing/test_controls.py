from __future__ import annotations

import math

import numpy as np
import pytest

from limelight.errors import StyleError
from limelight.mixing.controls import LOUDNESS_TARGETS, Controls, style_wished


@pytest.mark.parametrize("strength", [0, 0.25, 1])
def test_strength_goes_from_0_to_1(strength: float) -> None:
    assert Controls(strength=strength).strength == strength


@pytest.mark.parametrize("strength", [-0.01, 1.01, math.nan, math.inf])
def test_other_strengths_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match=r"strength goes from 0 .* to 1, got"):
        Controls(strength=strength)


@pytest.mark.parametrize("stem", ["speech", "music", "effects"])
def test_offsets_have_a_range_each(stem: str) -> None:
    for good in (-40, 0, 20):
        assert good in Controls(**{f"{stem}_db": good}).offsets_db
    for bad in (-40.1, 20.1, math.nan, -math.inf):
        with pytest.raises(ValueError, match=f"{stem} can be moved by −40 to"):
            Controls(**{f"{stem}_db": bad})


def test_offsets_are_in_the_order_of_the_stems() -> None:
    np.testing.assert_array_equal(Controls(speech_db=1, music_db=2, effects_db=3).offsets_db, [1, 2, 3])


@pytest.mark.parametrize("ceiling", [-20.1, 0.1, math.nan])
def test_the_ceiling_has_a_range(ceiling: float) -> None:
    with pytest.raises(ValueError, match="true-peak ceiling lies between −20 and 0 dBTP"):
        Controls(true_peak_dbtp=ceiling)


def test_targets_by_name_in_any_case() -> None:
    for name, target in LOUDNESS_TARGETS.items():
        assert Controls(loudness=name).target_lufs == target.lufs
        assert Controls(loudness=name.upper()).target == target
        assert target.source
        assert target.as_of
    assert Controls(loudness="keep").target_lufs is None
    assert Controls(loudness="Keep").target_lufs is None


@pytest.mark.parametrize("loudness", [-16, -16.0, "-16", " -16.0 "])
def test_targets_by_number(loudness: str | float) -> None:
    assert Controls(loudness=loudness).target_lufs == -16


@pytest.mark.parametrize("loudness", ["loud", "", "youtube ", "−16"])
def test_other_names_are_refused_with_those_there_are(loudness: str) -> None:
    with pytest.raises(
        ValueError, match="one of keep, youtube, tiktok, spotify, podcast, ebu, atsc, netflix or a number"
    ):
        Controls(loudness=loudness)


@pytest.mark.parametrize("loudness", ["nan", math.nan, "inf", -math.inf, "-1e999"])
def test_a_target_is_finite(loudness: str | float) -> None:
    with pytest.raises(ValueError, match="finite number of LUFS"):
        Controls(loudness=loudness)


@pytest.mark.parametrize("loudness", [0.1, -60.5, "14", -(10**400)])
def test_a_target_has_a_range(loudness: str | float) -> None:
    with pytest.raises(ValueError, match="LUFS"):
        Controls(loudness=loudness)


def test_a_loudness_that_a_style_cannot_mean_is_told_with_the_style(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('loudness = "loud"')
    with pytest.raises(StyleError, match=r"mine\.toml.*'loud'"):
        style_wished(str(path), None)
    path.write_text("loudness = -18")
    assert style_wished(str(path), None).loudness == -18
