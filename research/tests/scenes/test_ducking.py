"""Music steps back while somebody speaks, and only then; levels come out as the balance says."""

from __future__ import annotations

import numpy as np
import pytest
from dataset.stems import levels_of, make_stems
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.levels import StemLevels
from research.scenes.ducking import HOLD_SECONDS, envelope, mixing_curves, moved
from research.scenes.rules import Balance

BALANCE = Balance((-25.0, -33.0, -40.0), (0.0, 10.0, 4.0), 0.3, 1.0, -27.0)
UNDUCKED = Balance((-25.0, -33.0, -40.0), (0.0, 0.0, 0.0), 0.3, 1.0, -27.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=80), st.floats(0.2, 0.5), st.floats(0.8, 1.5))
def test_nothing_steps_back_long_after_the_speech(spoken: list[bool], attack: float, release: float) -> None:
    speaks = np.array(spoken)
    e = envelope(speaks, attack_seconds=attack, release_seconds=release)
    assert e.min() >= 0
    assert e.max() <= 1
    assert np.all(np.diff(e)[speaks[1:]] >= 0)  # never back while speaking
    assert np.diff(e, prepend=float(speaks[0])).max() <= 0.1 / attack + 1e-9
    assert np.diff(e).min(initial=0) >= -0.1 / release - 1e-9
    after = round((HOLD_SECONDS + release) * 10) + 1
    for t in range(len(speaks)):
        if not speaks[max(0, t - after) : t + 1].any():
            assert e[t] == pytest.approx(0, abs=1e-9)


def test_a_breath_is_no_reason_to_come_back() -> None:
    speaks = np.array([True] * 20 + [False] * 4 + [True] * 20)
    assert np.all(envelope(speaks, attack_seconds=0.3, release_seconds=1.0)[5:] == 1)


def test_music_goes_down_by_its_depth_and_speech_never() -> None:
    dry = levels_of(make_stems(8.0))
    curves = mixing_curves(BALANCE, dry)
    speech, music, effects = curves
    assert np.ptp(speech) == 0
    assert np.ptp(music) == pytest.approx(10)
    assert np.ptp(effects) == pytest.approx(4)
    speaks = dry.active("speech")
    assert music[speaks].mean() < music[~speaks].mean() - 4
    np.testing.assert_allclose((music - music.max()) / 10, (effects - effects.max()) / 4, atol=0.006)


def test_levels_and_the_whole_come_out_as_wished() -> None:
    stems = make_stems(8.0)
    mixed = moved(stems, mixing_curves(UNDUCKED, levels_of(stems)))
    found = StemLevels.of(mixed, layout="mono")
    lufs = np.array(list(found.loudness_lufs.values()))
    np.testing.assert_allclose(lufs - lufs[0], np.array(UNDUCKED.levels_lufs) - UNDUCKED.levels_lufs[0], atol=0.05)
    whole = StemLevels.of(np.stack([mixed.sum(axis=0)] * 3), layout="mono").loudness_lufs["speech"]
    assert whole == pytest.approx(UNDUCKED.mix_lufs, abs=0.2)


def test_silence_stays_silence() -> None:
    stems = make_stems(3.0, db=(-20, -26, -np.inf))
    mixed = moved(stems, mixing_curves(BALANCE, levels_of(stems)))
    assert not mixed[2].any()
    assert np.isfinite(mixed).all()
