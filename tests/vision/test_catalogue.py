"""The table of cues: scales, names, kinds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.vision.cues import CUE_NAMES, CUES, KINDS, scale_all

# Stored with every trained network: this list may grow at its end, and never change otherwise.
KNOWN = """
    picture face_present face_height face_centred shot_scale sharpness centre_focus key contrast shadows highlights
    warmth saturation detail stillness greenery sky night face_count skin text pace since_cut flicker motion
    moving_share camera zoom impact sustained_motion flash mouth
"""


def test_names_are_those_that_networks_were_trained_with() -> None:
    assert " ".join(CUE_NAMES).startswith(" ".join(KNOWN.split()))
    assert len(set(CUE_NAMES)) == len(CUE_NAMES)


def test_every_kind_of_semmix_has_a_number() -> None:
    assert {cue.kind for cue in CUES} == set(KINDS)


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_the_ends_of_a_scale_are_zero_and_one(cue) -> None:
    ends = cue.scaled(np.array([cue.at_zero, cue.at_one, cue.at_zero - 1, cue.at_one + 1]))
    np.testing.assert_allclose(ends, [0, 1, 0, 1], atol=1e-12)


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_what_was_scaled_comes_back(cue) -> None:
    for share in (0.0, 0.2, 0.5, 1.0):
        raw = np.array([cue.unscaled(share)])
        np.testing.assert_allclose(cue.scaled(raw), [share], atol=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=8))
def test_scales_rise_and_stay_within_zero_and_one(values: list[float]) -> None:
    raw = np.repeat(np.sort(values)[:, None], len(CUES), axis=1)
    scaled = scale_all(raw)
    assert np.all((scaled >= 0) & (scaled <= 1))
    assert np.all(np.diff(scaled, axis=0) >= 0)


def test_a_logarithmic_scale_gives_equal_steps_to_equal_ratios() -> None:
    focus = CUES[CUE_NAMES.index("centre_focus")]
    np.testing.assert_allclose(focus.scaled(np.array([0.5, 1.0, 2.0])), [0.25, 0.5, 0.75])
