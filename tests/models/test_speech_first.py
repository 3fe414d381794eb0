"""The rule: it mends talk that lies too deep, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from limelight.models.directors.speech_first import (
    BOLD,
    CAUTIOUS,
    LONGEST_SECONDS,
    RULES,
    SpeechFirst,
    SpeechRule,
    steadied,
    stretches,
)
from limelight.types import Cues, StemFeatures
from limelight.vision.encoder import without_picture

STEP = 4 * 1024 / 48_000


def heard(seconds: float, *, over_lu: float, present: float = 1.0, effects: float = 0.0) -> StemFeatures:
    """Speech that stands so far over the music while it is spoken; nothing of it is heard otherwise."""
    rows = round(seconds / STEP)
    spoken = np.arange(rows) < present * rows
    powers = np.zeros((3, 3, rows))
    powers[0, 0] = 1e-3 * spoken * 10 ** (over_lu / 10)
    powers[1, 1], powers[2, 2] = 1e-3 * (1 - effects), 1e-3 * effects
    return StemFeatures(np.arange(rows) * STEP, powers, np.ones((3, rows)), spoken.astype(float))


def decided(features: StemFeatures, seen: Cues | None = None) -> np.ndarray:
    return SpeechFirst(CAUTIOUS).decide(features, seen or without_picture(10)).gains_db


@pytest.mark.parametrize("over", [-8.9, -6.0, -4.1])
def test_talk_that_lies_too_deep_comes_to_nine_over_the_rest_at_the_same_loudness(over: float) -> None:
    features = heard(10, over_lu=over)
    gains = decided(features)
    np.testing.assert_allclose(gains, np.repeat(gains[:, :1], gains.shape[1], axis=1))
    assert over + gains[0, 0] - gains[1, 0] == pytest.approx(CAUTIOUS.wanted_lu, abs=1e-6)
    assert gains[1, 0] == gains[2, 0]
    factors = 10 ** (gains[:, 0] / 20)
    power = features.powers.sum(axis=2)
    assert factors @ power @ factors == pytest.approx(power.sum())


@pytest.mark.parametrize("over", [-40.0, -24.5, -3.5, 20.0])
def test_what_stands_well_or_lies_beyond_help_is_left_alone(over: float) -> None:
    assert not decided(heard(10, over_lu=over)).any()


def test_the_usual_rule_is_that_of_the_first_trials() -> None:
    """Where speech stands from 16 LU under to 3 LU over the rest it comes to 7 over."""
    for over in (-15.9, -6.0, 2.9):
        gains = SpeechFirst().decide(heard(10, over_lu=over), without_picture(10)).gains_db
        assert over + gains[0, 0] - gains[1, 0] == pytest.approx(7, abs=1e-6)
    for over in (-16.1, 3.1):
        assert not SpeechFirst().decide(heard(10, over_lu=over), without_picture(10)).gains_db.any()


@pytest.mark.parametrize("present", [0.0, 0.05, 0.19])
def test_where_hardly_anybody_speaks_nothing_is_done(present: float) -> None:
    assert not decided(heard(10, over_lu=-6, present=present)).any()


@pytest.mark.parametrize(
    ("scene", "seconds", "lifted"), [(8, 2.6, False), (8, 3.4, True), (3, 1.5, False), (3, 2.1, True)]
)
def test_a_few_words_are_too_little_to_judge_by_unless_they_fill_the_scene(
    scene: int, seconds: float, lifted: bool
) -> None:
    features = heard(scene, over_lu=-6, present=seconds / scene)
    assert SpeechFirst().decide(features, without_picture(scene)).gains_db.any() == lifted


@pytest.mark.parametrize(("surely", "lifted"), [(0.7, False), (0.9, True)])
def test_what_is_half_taken_for_a_voice_moves_nothing(surely: float, lifted: bool) -> None:
    features = heard(10, over_lu=-6)
    doubtful = StemFeatures(
        features.times_seconds, features.powers, features.amplitudes, np.full_like(features.presence, surely)
    )
    assert SpeechFirst().decide(doubtful, without_picture(10)).gains_db.any() == lifted


def test_where_nobody_can_tell_who_speaks_nothing_is_done() -> None:
    features = heard(10, over_lu=-6)
    deaf = StemFeatures(
        features.times_seconds, features.powers, features.amplitudes, np.full_like(features.presence, np.nan)
    )
    assert not decided(deaf).any()


def test_a_pause_does_not_count() -> None:
    """How far speech stands over the rest is asked while it is spoken."""
    half, whole = decided(heard(10, over_lu=-6, present=0.5)), decided(heard(10, over_lu=-6))
    assert half[0, 0] - half[1, 0] == pytest.approx(whole[0, 0] - whole[1, 0])


def test_reasons_say_what_was_heard() -> None:
    said = [
        SpeechFirst(CAUTIOUS).decide(heard(10, over_lu=over), without_picture(10)).scenes[0].reason
        for over in (-8, 12, -30)
    ]
    assert "8 LU under" in said[0]
    assert "12 LU over" in said[1]
    assert "30 LU under" in said[2]
    assert (
        "nobody" in SpeechFirst(CAUTIOUS).decide(heard(10, over_lu=0, present=0), without_picture(10)).scenes[0].reason
    )


def test_long_films_are_decided_in_stretches_that_cover_them() -> None:
    parts = stretches(heard(100, over_lu=0), without_picture(100))
    assert parts[0][0] == 0
    assert parts[-1][1] > 100
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(end - start <= LONGEST_SECONDS + 1e-9 for start, end in parts)


@pytest.mark.parametrize("over", [-12.0, -20.0])
def test_nothing_moves_further_than_the_largest_shift(over: float) -> None:
    gains = decided(heard(10, over_lu=over))
    assert gains[0, 0] - gains[1, 0] == pytest.approx(CAUTIOUS.largest_db)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("over", [-30.0, -15.0, -6.0, -2.0, 2.0])
def test_music_and_effects_and_their_hiss_never_come_up(rule: SpeechRule, over: float) -> None:
    gains = SpeechFirst(rule).decide(heard(10, over_lu=over), without_picture(10)).gains_db
    assert (gains[1:] <= 1e-9).all()
    assert (gains[0] >= -1e-9).all()


def test_the_cautious_rule_does_what_the_bold_one_does_or_nothing() -> None:
    for over in np.arange(-30, 10, 0.5):
        assert CAUTIOUS.shift_db(1.0, over) in (0.0, BOLD.shift_db(1.0, over))


def test_a_voice_does_not_jump_within_a_scene_and_may_between_scenes() -> None:
    parts = [(0.0, 20.0), (20.0, 40.0), (40.0, 60.0), (60.0, 80.0)]
    assert steadied([6.0, 12.0, 0.0, 9.0], parts, (60.0,)) == [9.0, 6.0, 0.0, 9.0]


def test_twenty_minutes_that_sound_alike_are_decided_alike() -> None:
    gains = decided(heard(1200, over_lu=-6), without_picture(1200))
    np.testing.assert_allclose(gains - gains[:, :1], 0, atol=1e-9)


def test_confidence_is_lowest_where_good_and_bad_mixes_look_alike() -> None:
    def sure(over: float, present: float = 1.0) -> float:
        (scene,) = SpeechFirst(CAUTIOUS).decide(heard(10, over_lu=over, present=present), without_picture(10)).scenes
        return scene.confidence

    assert sure(-6) > sure(-1)
    assert sure(10) > sure(-1)
    assert sure(10) > sure(1)
    assert sure(0, present=0) == 1
