from __future__ import annotations

import json

import numpy as np
import pytest
from audio.sounds import noise
from fakes import FakeModel, random_masks, shared
from mixing.scenes import LAYOUTS, chunks_of, decided, filmed, rendered, scene, source_of, tone

from limelight.audio.loudness import integrated_loudness
from limelight.errors import ModelError
from limelight.mixing.controls import LOUDNESS_TARGETS, Controls
from limelight.mixing.features import features_of, measure_audio
from limelight.mixing.plan import PlannedSource, plan_text
from limelight.mixing.planner import make_plan
from limelight.types import STEMS, Cues, StemFeatures
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import without_picture


def wandering(seed: int = 0):
    """Gains that jump from row to row."""
    rng = np.random.default_rng(seed)
    return lambda heard, seen: rng.uniform(-12, 12, (3, len(heard.times_seconds)))


def test_constant_gains_become_constant_curves() -> None:
    plan = decided(scene(), FakeModel(gains_db=(4, -6, 1)))
    np.testing.assert_array_equal(plan.curves_db, np.repeat([[4], [-6], [1]], 31, axis=1))
    np.testing.assert_allclose(plan.times_seconds, np.arange(31) / 10)


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
def test_strength_scales_the_curves(strength: float) -> None:
    full = decided(scene(), FakeModel(gains_db=wandering()))
    part = decided(scene(), FakeModel(gains_db=wandering()), Controls(strength=strength))
    np.testing.assert_allclose(part.curves_db, strength * full.curves_db, atol=0.011)
    assert np.ptp(full.curves_db) > 1


def test_strength_zero_changes_nothing() -> None:
    plan = decided(scene(), FakeModel(gains_db=wandering()), Controls(strength=0))
    assert plan.changes_nothing
    assert plan.loudness.before_lufs == plan.loudness.predicted_after_lufs


def test_offsets_are_added_whatever_the_strength() -> None:
    for strength in (0.0, 1.0):
        controls = Controls(strength=strength, speech_db=3, music_db=-4.5, effects_db=0.5)
        plan = decided(scene(), FakeModel(gains_db=(2, 2, -2)), controls)
        expected = strength * np.array([2, 2, -2]) + [3, -4.5, 0.5]
        np.testing.assert_allclose(plan.curves_db, np.repeat(expected[:, None], 31, axis=1), atol=1e-9)


@pytest.mark.parametrize(("channels", "sample_rate"), [(1, 96_000), (2, 44_100), (2, 48_000), (6, 48_000)])
def test_kept_loudness_is_kept_and_predicted(channels: int, sample_rate: int) -> None:
    sound = scene(channels, sample_rate=sample_rate)
    model = FakeModel(gains_db=(8, -6, 3))
    plan = decided(sound, model, sample_rate=sample_rate)
    after = integrated_loudness(rendered(sound, plan, model), sample_rate, layout=LAYOUTS[channels])
    before = integrated_loudness(sound, sample_rate, layout=LAYOUTS[channels])
    assert plan.loudness.before_lufs == pytest.approx(before, abs=0.01)
    assert plan.loudness.predicted_after_lufs == pytest.approx(before, abs=0.02)
    assert after == pytest.approx(before, abs=0.3)
    assert plan.makeup_db != 0


@pytest.mark.parametrize("target", [*LOUDNESS_TARGETS, -33.0])
@pytest.mark.parametrize(("strength", "level"), [(1, 0.02), (0, 1.0), (1, 1.0)])
def test_targets_are_met_and_predicted(target: str | float, strength: float, level: float) -> None:
    """Those that meet the limiter, too: what it takes is given on top, and foretold is what it leaves."""
    sound = scene(level=level)
    model = FakeModel(gains_db=(6, -8, 2))
    controls = Controls(loudness=target, strength=strength)
    plan = decided(sound, model, controls)
    after = integrated_loudness(rendered(sound, plan, model), 48_000, layout="mono")
    wished = controls.target.lufs_at(0.0)  # nobody speaks
    assert plan.loudness.predicted_after_lufs == pytest.approx(wished, abs=0.05)
    assert after == pytest.approx(wished, abs=0.3)


def test_the_limiter_is_not_chased_for_ever() -> None:
    """No gain brings this film to −2 LUFS: the plan gives 3 dB over what would do without a limiter, and does not claim
    to get there."""
    sound = scene(level=0.5)
    model = FakeModel(gains_db=(6, -8, 2))
    plan = decided(sound, model, Controls(loudness=-2))
    mild = decided(sound, model, Controls(loudness=-30))
    assert plan.makeup_db == pytest.approx(mild.makeup_db + 28 + 3, abs=0.02)
    after = integrated_loudness(rendered(sound, plan, model), 48_000, layout="mono")
    assert plan.loudness.predicted_after_lufs < -3
    assert after == pytest.approx(plan.loudness.predicted_after_lufs, abs=1.5)  # beyond what the estimate is good for


def test_an_original_over_the_ceiling_is_left_alone_too() -> None:
    sound = np.clip(3 * scene(level=1.0), -1, 1)
    for controls in (Controls(strength=0), Controls()):
        assert decided(sound, FakeModel(), controls).changes_nothing


def test_prediction_holds_for_moving_gains_and_soft_masks() -> None:
    """Stems under soft masks are of one mind: their powers do not add, their amplitudes do."""
    sound = scene(1, 12)
    model = FakeModel(masks=random_masks(), gains_db=wandering())
    plan = decided(sound, model, Controls(loudness=-30), cues=filmed(12, 3.3, 7.1))
    after = integrated_loudness(rendered(sound, plan, FakeModel(masks=random_masks())), 48_000, layout="mono")
    assert after == pytest.approx(-30, abs=0.3)


@pytest.mark.parametrize("loudness", ["keep", "ebu"])
def test_a_change_that_falls_under_the_gate_is_made_up_for(loudness: str) -> None:
    """Turned down by 37 dB the mix alone would be under −70 LUFS, where meters hear nothing."""
    sound = scene(1, 3, level=0.1)
    controls = Controls(strength=0, speech_db=-37, music_db=-37, effects_db=-37, loudness=loudness, true_peak_dbtp=0)
    model = FakeModel()
    plan = decided(sound, model, controls)
    target = plan.loudness.before_lufs if loudness == "keep" else -23
    assert plan.loudness.predicted_after_lufs == pytest.approx(target, abs=0.05)
    assert integrated_loudness(rendered(sound, plan, model), 48_000, layout="mono") == pytest.approx(target, abs=0.3)


@pytest.mark.parametrize("samples", [0, 1, 1000, 4800, 17_000, 48_000])
@pytest.mark.parametrize("level", [0.0, 1e-6, 0.1])
def test_silent_and_short_films_have_finite_plans(samples: int, level: float) -> None:
    sound = noise(2, samples, rms=level)
    for loudness in ("keep", "ebu"):
        model = FakeModel(gains_db=(5, -5, 0))
        plan = decided(sound, model, Controls(loudness=loudness))
        assert np.isfinite(plan.curves_db).all()
        text = plan_text(plan)
        assert "NaN" not in text
        assert "Infinity" not in text
        json.loads(text)
        assert np.isfinite(rendered(sound, plan, model)).all()
        if level < 1e-5 or samples < 19_200:  # nothing that a meter would hear
            assert plan.loudness.before_lufs is None
            assert plan.loudness.predicted_after_lufs is None
            assert plan.makeup_db == 0


def test_gains_are_quick_at_cuts_and_slow_elsewhere() -> None:
    """A model that wants +10 dB from second 6 on: with a cut there it moves in 0.3 s, without in some seconds."""

    def jump(heard: StemFeatures, seen: Cues) -> np.ndarray:
        return np.tile(np.where(heard.times_seconds < 6, 0.0, 10.0), (3, 1))

    sound = scene(1, 9)
    slow = decided(sound, FakeModel(gains_db=jump), cues=filmed(9)).curves_db[0]
    quick = decided(sound, FakeModel(gains_db=jump), cues=filmed(9, 6.0)).curves_db[0]
    for curve in (slow, quick):
        assert (np.diff(curve) >= -0.011).all()
        assert curve[0] == pytest.approx(0, abs=0.05)
        assert curve[-1] == pytest.approx(10, abs=0.05)
    assert np.diff(slow).max() < 0.5  # dB per 100 ms
    assert quick[62] - quick[58] > 6
    assert slow[62] - slow[58] < 2


def test_every_shot_has_its_means_and_its_reason() -> None:
    def swap(heard: StemFeatures, seen: Cues) -> np.ndarray:
        return np.where(heard.times_seconds < 4, [[6.0], [-6.0], [0.0]], [[-6.0], [6.0], [0.0]])

    sound = tone("speech", 8, 48_000, db=-30) + tone("music", 8, 48_000, db=-24)
    plan = decided(sound, FakeModel(gains_db=swap), cues=filmed(8, 4.0))
    first, second = plan.shots
    assert (first.start_seconds, first.end_seconds) == (0, 4)
    for shot, sign in ((first, 1), (second, -1)):
        inside = (plan.times_seconds >= shot.start_seconds) & (plan.times_seconds < shot.end_seconds)
        np.testing.assert_allclose([shot.gains_db[s] for s in STEMS], plan.curves_db[:, inside].mean(axis=1), atol=0.01)
        assert sign * shot.gains_db["speech"] > 4
    assert first.confidence == second.confidence == 0.5
    assert first.reason.startswith("shot 0; because: speech +")
    assert ", music −" in first.reason
    assert "speech −" in second.reason
    assert "effects" not in first.reason  # none are heard


def test_the_record_says_who_decided_for_what() -> None:
    sound = scene(6, 2)
    model = FakeModel(gains_db=(1, 2, 3))
    controls = Controls(strength=0.5, speech_db=1, loudness="ebu", true_peak_dbtp=-2)
    plan = decided(sound, model, controls)
    assert plan.model.model_dump() == {"name": "fake", "sha256": model.card.fingerprint}
    assert plan.source == source_of(sound)
    assert Controls(**plan.controls.model_dump()) == controls


def test_gains_that_nobody_hears_are_none() -> None:
    """Under 0.1 dB throughout, and no loudness or peak is wished: the film is left as it was."""
    sound = 0.3 * scene()
    assert decided(sound, FakeModel(gains_db=(0.09, -0.09, 0.0))).changes_nothing
    assert not decided(sound, FakeModel(gains_db=(0.3, -0.3, 0.0))).changes_nothing
    assert not decided(sound, FakeModel(), Controls(true_peak_dbtp=-3)).changes_nothing
    assert not decided(sound, FakeModel(), Controls(loudness="ebu")).changes_nothing


def test_the_director_is_told_cues_by_name_and_what_was_heard() -> None:
    sound = tone("speech", 8, 48_000, db=-30)
    model = FakeModel(presence=0.75)
    (shot,) = decided(sound, model, cues=filmed(8)).shots
    ((heard, seen),) = model.director.told
    assert seen.named(CUE_NAMES[:2]).shape == (8, 2)
    with pytest.raises(KeyError, match="no such cue"):
        seen.named(["no such cue"])
    np.testing.assert_allclose(heard.presence, 0.75)
    assert shot.speech_present == pytest.approx(0.75)
    loudness = integrated_loudness(sound, 48_000, layout="mono")
    assert heard.levels_lufs[0].max() == pytest.approx(loudness, abs=0.3)


@pytest.mark.parametrize("gains", [np.zeros((3, 5)), np.full((3, 36), np.nan), np.zeros((2, 36))])
def test_a_director_that_answers_nonsense_is_refused(gains: np.ndarray) -> None:
    with pytest.raises(ModelError, match="fake-director"):
        decided(scene(), FakeModel(gains_db=lambda heard, seen: gains))


def test_the_makeup_gain_ends_where_the_schema_does() -> None:
    plan = decided(
        scene(1, 3, level=0.01),
        FakeModel(),
        Controls(strength=0, speech_db=-40, music_db=-40, effects_db=-40, loudness=0),
    )
    assert plan.makeup_db == 60
    assert plan.loudness.predicted_after_lufs == pytest.approx(plan.loudness.before_lufs + 20, abs=0.05)


def test_curves_cover_the_sound_even_where_the_container_says_less() -> None:
    sound = scene(1, 4)
    source = PlannedSource(name="x", duration_seconds=0, sample_rate=48_000, layout="mono", audio_stream=0)
    measured = measure_audio([sound], sample_rate=48_000, layout="mono")
    model = FakeModel()
    heard = features_of(chunks_of(model, "mono")([sound]), model.card, layout="mono")
    plan = make_plan(heard, measured, without_picture(0), model.director, Controls(), source, separator=model.card)
    assert plan.times_seconds[-1] >= 4


def test_soft_stems_are_predicted_by_amplitude() -> None:
    sound = scene(1, 4)
    model = FakeModel(masks=shared(0.5, 0.5, 0.0), gains_db=(6, -40, 0))
    plan = decided(sound, model, Controls(loudness="ebu"))
    change = 20 * np.log10(0.5 * 10 ** (6 / 20) + 0.5 * 10 ** (-15 / 20))  # gains of a model end at −15 dB
    assert plan.makeup_db == pytest.approx(-23 - plan.loudness.before_lufs - change, abs=0.05)
