"""Speech in the middle, music wide, effects from side to side; mono keeps what stereo has.

Unmixed stems: those of the sources equally loud, the others silent, all from one seed.

Music steps back while somebody speaks, and only then; levels come out as the balance says.

A mix that was made blindly: counterfactual pairs are given the same one, and its inverse is the good mix.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from dataset.shelves import library, silent_shelf
from dataset.stems import levels_of, make_stems
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.degrade import Degradation
from limelight.dataset.levels import StemLevels
from limelight.types import STEMS
from research.scenes.build import MixedScene, SceneSettings, mix_scene
from research.scenes.rules import KINDS, Balance, draw_counterfactual, draw_scene
from research.scenes.sounds import (
    HOLD_SECONDS,
    REFERENCE_LUFS,
    apply_curves,
    draw_unmixed,
    ducking_envelope,
    mixing_curves,
    place_stems,
)

MONO = np.random.default_rng(0).standard_normal((3, 48_000)).astype(np.float32)


def test_mono_is_left_alone() -> None:
    np.testing.assert_array_equal(place_stems(np.random.default_rng(1), MONO, layout="mono")[:, 0], MONO)


def test_speech_is_in_the_middle_and_music_folds_down_to_itself() -> None:
    speech, music, _ = place_stems(np.random.default_rng(1), MONO, layout="stereo")
    np.testing.assert_array_equal(speech[0], speech[1])
    np.testing.assert_allclose(music.mean(axis=0), MONO[1], atol=1e-5)
    assert np.corrcoef(music)[0, 1] < 0.99


@pytest.mark.parametrize("seed", range(4))
def test_effects_keep_their_power_wherever_they_are(seed: int) -> None:
    effects = place_stems(np.random.default_rng(seed), MONO, layout="stereo")[2]
    np.testing.assert_allclose(np.square(effects).sum(axis=0), np.square(MONO[2]), rtol=1e-4, atol=1e-6)


def test_both_layouts_take_as_much_from_the_generator() -> None:
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    place_stems(one, MONO, layout="mono")
    place_stems(other, MONO, layout="stereo")
    assert one.random() == other.random()


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_sources_are_equally_loud_and_the_rest_is_nothing(layout: str) -> None:
    unmixed = draw_unmixed(np.random.default_rng(0), ("speech", "music"), library(), seconds=3.0, layout=layout)
    assert unmixed.stems.shape == (3, 1 if layout == "mono" else 2, 144_000)
    again = StemLevels.of(unmixed.stems, layout=layout)
    for stem in ("speech", "music"):
        assert unmixed.levels.loudness_lufs[stem] == pytest.approx(REFERENCE_LUFS, abs=0.01)
        assert again.loudness_lufs[stem] == pytest.approx(REFERENCE_LUFS, abs=0.01)
    assert not unmixed.stems[STEMS.index("effects")].any()
    assert unmixed.levels.audible == ["speech", "music"]
    np.testing.assert_allclose(unmixed.levels.powers, again.powers, rtol=1e-3, atol=1e-12)


def test_a_silent_recording_is_silence_not_an_accident() -> None:
    unmixed = draw_unmixed(np.random.default_rng(0), STEMS, library(music=silent_shelf()), seconds=2.0)
    assert not unmixed.stems[1].any()
    assert np.isfinite(unmixed.stems).all()


def test_the_same_seed_gives_the_same_sounds() -> None:
    one, other = (draw_unmixed(np.random.default_rng(4), STEMS, library(), seconds=1.0) for _ in range(2))
    np.testing.assert_array_equal(one.stems, other.stems)


BALANCE = Balance((-25.0, -33.0, -40.0), (0.0, 10.0, 4.0), 0.3, 1.0, -27.0)
UNDUCKED = Balance((-25.0, -33.0, -40.0), (0.0, 0.0, 0.0), 0.3, 1.0, -27.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=80), st.floats(0.2, 0.5), st.floats(0.8, 1.5))
def test_nothing_steps_back_long_after_the_speech(spoken: list[bool], attack: float, release: float) -> None:
    speaks = np.array(spoken)
    e = ducking_envelope(speaks, attack_seconds=attack, release_seconds=release)
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
    assert np.all(ducking_envelope(speaks, attack_seconds=0.3, release_seconds=1.0)[5:] == 1)


def test_music_goes_down_by_its_depth_and_speech_never() -> None:
    unmixed = levels_of(make_stems(8.0))
    curves = mixing_curves(BALANCE, unmixed)
    speech, music, effects = curves
    assert np.ptp(speech) == 0
    assert np.ptp(music) == pytest.approx(10)
    assert np.ptp(effects) == pytest.approx(4)
    speaks = unmixed.active("speech")
    assert music[speaks].mean() < music[~speaks].mean() - 4
    np.testing.assert_allclose((music - music.max()) / 10, (effects - effects.max()) / 4, atol=0.006)


def test_levels_and_the_whole_come_out_as_wished() -> None:
    stems = make_stems(8.0)
    mixed = apply_curves(stems, mixing_curves(UNDUCKED, levels_of(stems)))
    found = StemLevels.of(mixed, layout="mono")
    lufs = np.array(list(found.loudness_lufs.values()))
    np.testing.assert_allclose(lufs - lufs[0], np.array(UNDUCKED.levels_lufs) - UNDUCKED.levels_lufs[0], atol=0.05)
    whole = StemLevels.of(np.stack([mixed.sum(axis=0)] * 3), layout="mono").loudness_lufs["speech"]
    assert whole == pytest.approx(UNDUCKED.mix_lufs, abs=0.2)


def test_silence_stays_silence() -> None:
    stems = make_stems(3.0, db=(-20, -26, -np.inf))
    mixed = apply_curves(stems, mixing_curves(BALANCE, levels_of(stems)))
    assert not mixed[2].any()
    assert np.isfinite(mixed).all()


BLIND = SceneSettings(clip_seconds=2.0, recipes=("blind",))


def mixed(number: int, *, of_counterfactual: bool = False, settings: SceneSettings = BLIND) -> MixedScene:
    scene = draw_scene(0, "train", number)
    return mix_scene(draw_counterfactual(scene) if of_counterfactual else scene, library(), settings, KINDS)


def test_counterfactual_pairs_are_given_the_same_bad_mix_and_want_another_good_one() -> None:
    for number in range(4):
        one, other = mixed(number), mixed(number, of_counterfactual=True)
        np.testing.assert_array_equal(one.unmixed.stems, other.unmixed.stems)
        # A scalar keeps peaks in bounds; it may not be the same for both.
        back = [10 ** (-of.pair.scale_db / 20) for of in (one, other)]
        error = one.pair.input * back[0] - other.pair.input * back[1]
        assert np.abs(error).max() < 0.01 * np.abs(one.pair.input).max()  # curves are rounded to 0.01 dB
        assert np.abs(one.pair.target - other.pair.target).max() > 0.1 * np.abs(one.pair.target).max()


def test_the_inverse_returns_the_target() -> None:
    for recipe in ("blind", "paper", "timevarying"):
        pair = mixed(1, settings=SceneSettings(clip_seconds=2.0, recipes=(recipe,))).pair
        degraded = pair.degradation.applied(pair.stems)
        assert np.abs(degraded.sum(axis=0) - pair.input).max() < 1e-6
        assert np.abs(pair.degradation.inverse.applied(degraded).sum(axis=0) - pair.target).max() < 1e-5
        assert Degradation.from_json(json.loads(json.dumps(pair.degradation.as_json()))) == pair.degradation


def test_stems_sum_to_the_target_and_no_peak_is_above_the_ceiling() -> None:
    for number in range(3):
        pair = mixed(number).pair
        np.testing.assert_array_equal(pair.stems.sum(axis=0, dtype=np.float64), pair.target)
        assert max(np.abs(pair.stems).max(), np.abs(pair.target).max(), np.abs(pair.input).max()) <= 10 ** (-0.5 / 20)


def test_what_is_silent_is_not_moved() -> None:
    number = next(n for n in range(50) if "speech" not in draw_scene(0, "train", n).sources)
    degradation = mixed(number).pair.degradation
    assert set(degradation.curves_db[0]) == {0.0}
    assert degradation.step_db > 0
