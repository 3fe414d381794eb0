"""Stems of any name become speech, music and effects that sum to the sound."""

from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import noise
from fakes import FakeSeparator, shared

from limelight.errors import ModelError
from limelight.models.separators.named_stems import ThreeStems, spoken_share, through_pairs
from limelight.models.voice_activity import VoiceActivity
from limelight.types import Chunk

HOP, STEPS = 1024, 40
SAMPLES = (STEPS + 1) * HOP


def chunk_of(*parts: np.ndarray) -> Chunk:
    sound = np.sum(parts, axis=0).astype(np.float32)
    return Chunk(sound, 0.0, np.full(len(sound), 1 / len(sound), np.float32))


def three(
    presence: float, monkeypatch: pytest.MonkeyPatch, *, shares: tuple[float, ...] = (0.2, 0.6, 0.2)
) -> ThreeStems:
    """With a voice activity that is sure of what it says."""
    answers = lambda _self, sound: np.full(-(-len(sound) // 1536), presence, np.float32)  # noqa: E731
    monkeypatch.setattr(VoiceActivity, "presence", answers)
    return ThreeStems(FakeSeparator(masks=shared(*shares)))


def test_stems_that_are_named_as_ours_stay_and_effects_are_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    speech, music, effects = (0.1 * noise(2, SAMPLES, seed=seed) for seed in range(3))
    chunk = chunk_of(speech, music, effects)
    named = {"Speech": speech, "music": music, "sfx": np.zeros_like(effects)}
    found = three(0.9, monkeypatch).of(named, chunk, hop=HOP)
    np.testing.assert_allclose(found.stems, [speech, music, effects], atol=1e-6)
    assert found.presence.shape == (STEPS,)


@pytest.mark.parametrize(("presence", "stem"), [(1.0, 0), (0.0, 1)])
def test_vocals_are_speech_where_somebody_speaks_and_music_else(
    presence: float, stem: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocals, rest = 0.1 * noise(1, SAMPLES, seed=1), np.zeros((1, SAMPLES), np.float32)
    found = three(presence, monkeypatch).of({"vocals": vocals, "drums": rest}, chunk_of(vocals, rest), hop=HOP)
    np.testing.assert_allclose(found.stems[stem], vocals, atol=1e-6)
    assert not np.delete(found.stems, stem, axis=0).any()


def test_the_rest_is_shared_out_by_the_other_separator_and_all_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    vocals, rest = 0.1 * noise(2, SAMPLES, seed=1), 0.1 * noise(2, SAMPLES, seed=2)
    chunk = chunk_of(vocals, rest)
    found = three(1.0, monkeypatch).of({"vocals": vocals, "drums": rest}, chunk, hop=HOP)
    np.testing.assert_allclose(found.stems.sum(axis=0), chunk.samples, atol=1e-6)
    inside = slice(HOP, -HOP)  # the first and last hop lie in half a window only
    np.testing.assert_allclose(found.stems[1][:, inside], 0.75 * rest[:, inside], atol=1e-5)  # 0.6 of 0.6 + 0.2


def test_a_separator_without_a_voice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = 0.1 * noise(1, SAMPLES)
    with pytest.raises(ModelError, match="gives speech or vocals, found stems drums, bass"):
        three(1.0, monkeypatch).of({"drums": sound, "bass": sound}, chunk_of(sound), hop=HOP)


def test_a_word_keeps_its_ends_and_a_pause_is_no_speech() -> None:
    presence = np.zeros(100, np.float32)
    presence[40:50] = 1
    share = spoken_share(presence, 100 * 1536)
    assert share[39 * 1536] == 1
    assert share[: 30 * 1536].max() == 0
    assert (np.diff(share) <= 1 / 1000).all()  # no click


def test_each_channel_gets_what_the_ear_finds_in_it() -> None:
    samples = noise(6, 500)
    weights = np.float32([0.2, 0.2, 0.2, 0, 0.2, 0.2])
    asked: list[np.ndarray] = []

    def ear(both: np.ndarray) -> dict[str, np.ndarray]:
        asked.append(both)
        return {"vocals": 0.5 * both}

    named = through_pairs(Chunk(samples, 0.0, weights), ear)
    wished = 0.5 * samples
    wished[3] = 0  # low-frequency effects
    np.testing.assert_allclose(named["vocals"], wished, atol=1e-7)
    assert len(asked) == 4  # left with right, centre, and the two behind
    np.testing.assert_array_equal(asked[0], samples[:2])
    mono = through_pairs(Chunk(samples[:1], 0.0, np.float32([1])), ear)
    np.testing.assert_allclose(mono["vocals"], 0.5 * samples[:1], atol=1e-7)
