"""Few keyframes, between which no editor's straight lines leave the curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from timelines.plans import fade

from limelight.timelines.keyframes import LAWS, TOLERANCE_DB, Keyframes, fader_gain_db, fader_position, thinned

# Positions of Audition's fader and their dB, as converters of sessions have fitted them.
MEASURED_FADER = {0.1: -36.31, 0.3: -15.0, 0.45: -7.13, 0.55: -3.24, 0.65: 0.0, 0.75: 3.24, 0.85: 7.14, 1.0: 15.0}


def played(keys: Keyframes, times: np.ndarray, law: str) -> np.ndarray:
    there, back = LAWS[law]
    return back(np.interp(times, keys.times_seconds, there(keys.gains_db)))


@pytest.mark.parametrize("law", LAWS)
@given(gains=st.lists(st.floats(-59, 14.9), min_size=1, max_size=9))
def test_units_go_there_and_back(law, gains):
    there, back = LAWS[law]
    np.testing.assert_allclose(back(there(np.array(gains))), gains, atol=1e-6)


@pytest.mark.parametrize(("position", "gain"), MEASURED_FADER.items())
def test_the_fader_is_where_it_was_measured(position, gain):
    assert fader_gain_db(np.array([position]))[0] == pytest.approx(gain, abs=0.02)


def test_the_fader_is_its_own_mirror_image():
    gains = np.linspace(-14, 14, 57)
    np.testing.assert_allclose(fader_position(gains) + fader_position(-gains), 1.3)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("per_second", [None, 24000 / 1001, 25.0, 60.0])
def test_lines_stay_at_the_curve_in_every_unit(law, per_second):
    curve = fade(20.0, db=-12.0, at=5.0, over=4.0)
    times = np.arange(len(curve)) * 0.1
    keys = thinned(times, curve, end_seconds=20.0, grid_per_second=per_second)
    fine = np.linspace(0, keys.times_seconds[-1], 4001)
    # Between frames the curve may have a corner that no keyframe can have.
    corner = 0.0 if per_second is None else np.abs(np.diff(curve, 2)).max() * 10 / per_second / 4
    assert np.abs(played(keys, fine, law) - np.interp(fine, times, curve)).max() <= TOLERANCE_DB + corner
    assert len(keys) <= 35


def test_what_is_constant_is_one_keyframe():
    keys = thinned(np.arange(50) * 0.1, np.full(50, -3.0), end_seconds=4.9)
    assert (list(keys.times_seconds), list(keys.gains_db)) == ([0.0], [-3.0])


def test_a_line_in_db_is_cut_where_amplitudes_would_leave_it():
    keys = thinned(np.array([0.0, 10.0]), np.array([0.0, -20.0]), end_seconds=10.0)
    assert len(keys) == 2  # there is no point between: the plan has none
    keys = thinned(np.arange(101) * 0.1, np.linspace(0, -20, 101), end_seconds=10.0)
    assert len(keys) > 10
    np.testing.assert_allclose(keys.gains_db, -2 * keys.times_seconds, atol=1e-9)


@pytest.mark.parametrize("per_second", [24000 / 1001, 30000 / 1001, 50.0])
def test_keyframes_stand_on_frames(per_second):
    keys = thinned(
        np.arange(100) * 0.1, fade(9.9, db=9.0, at=1.0, over=6.0), end_seconds=9.9, grid_per_second=per_second
    )
    frames = keys.times_seconds * per_second
    np.testing.assert_allclose(frames, frames.round(), atol=1e-6)
    assert keys.times_seconds[-1] <= 9.9


def test_silence_needs_no_exact_line():
    """Down to −120 dB within a step: half-way an amplitude is at −6 dB, so points are needed; below −60 dB none are."""
    curve = np.concatenate([np.zeros(10), np.full(40, -120.0)])
    keys = thinned(np.arange(50) * 0.1, curve, end_seconds=4.9)
    assert len(keys) <= 4


@given(
    values=st.lists(st.floats(-30, 12).map(lambda gain: round(gain, 2)), min_size=2, max_size=60),
    per_second=st.sampled_from([None, 25.0, 29.97]),
)
def test_ends_are_kept_and_times_rise(values, per_second):
    times = np.arange(len(values)) * 0.1
    keys = thinned(times, np.array(values), end_seconds=float(times[-1]), grid_per_second=per_second)
    assert keys.times_seconds[0] == 0
    assert keys.gains_db[0] == pytest.approx(values[0])
    assert np.all(np.diff(keys.times_seconds) > 0)
    assert keys.gains_db.min() >= min(values) - 1e-9
    assert keys.gains_db.max() <= max(values) + 1e-9


@pytest.mark.slow
def test_two_hours_take_a_moment():
    times = np.arange(72_000) * 0.1
    curve = 6 * np.sin(times / 20) * (np.sin(times / 300) > 0)
    keys = thinned(times, curve, end_seconds=7200.0, grid_per_second=60000 / 1001)
    assert len(keys) < 12_000


@pytest.mark.parametrize(("times", "gains"), [([], []), ([0.0, 1.0], [0.0]), ([1.0, 1.0], [0.0, 0.0])])
def test_no_keyframes_of_nothing(times, gains):
    with pytest.raises(ValueError, match="keyframes"):
        Keyframes(np.array(times), np.array(gains))
