from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from audio.sounds import cut, noise, programme
from fakes import FakeRemixer, drawn, gains, remix_card
from mixing.scenes import joined, low_passed, source_of

from limelight.audio.convert import downmix_weights
from limelight.audio.loudness import LoudnessMeter
from limelight.audio.peaks import true_peak_db
from limelight.errors import ModelError
from limelight.mixing.controls import Controls
from limelight.mixing.features import measure_audio
from limelight.mixing.one_step import check_controls, context_of, finished, remix
from limelight.mixing.plan import MixPlan
from limelight.models.protocols import Remixer
from limelight.types import Cues
from limelight.vision.encoder import without_picture

RATE = 48_000


class Memory:
    """A spool that needs no disk."""

    def __init__(self) -> None:
        self.kept: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        self.kept.append(block.copy())

    def blocks(self) -> Iterator[np.ndarray]:
        return iter(self.kept)


def remixed(
    sound: np.ndarray, model: Remixer, controls: Controls | None = None, cues: Cues | None = None
) -> tuple[MixPlan, np.ndarray]:
    """The record and the finished sound."""
    source, spool, blocks = source_of(sound, RATE), Memory(), cut(sound, [5000])
    measured = measure_audio(blocks, sample_rate=RATE, layout=source.layout)
    seen = cues or without_picture(source.duration_seconds)
    downmix = downmix_weights(source.layout)
    made = remix(blocks, spool, measured, seen, model, controls or Controls(), source, downmix=downmix)
    return made, joined(finished(spool, made), len(sound))


def loudness_lufs(sound: np.ndarray) -> float:
    meter = LoudnessMeter(RATE, {1: "mono", 2: "stereo", 6: "5.1"}[len(sound)])
    meter.push(sound)
    return meter.finish().integrated_lufs


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_strength_0_is_the_original_bit_for_bit(channels: int) -> None:
    sound = 3 * noise(channels, 40_000)  # also where it clips: the original is not ours to limit
    sound[:, :2] = -0.0
    made, found = remixed(sound, FakeRemixer(drawn()), Controls(strength=0))
    assert found.tobytes() == sound.tobytes()
    assert made.changes_nothing
    assert not any(made.changed)


def test_strength_0_does_not_even_ask_the_network() -> None:
    model = FakeRemixer(drawn())
    remixed(noise(1, 40_000), model, Controls(strength=0))
    assert not model.heard


def test_strength_is_a_share_of_the_change() -> None:
    sound = 0.1 * programme(2, 3, RATE)
    whole, half = (
        remixed(sound, FakeRemixer(drawn(4)), Controls(strength=strength))[1] / 10 ** (makeup / 20)
        for strength, makeup in ((s, remixed(sound, FakeRemixer(drawn(4)), Controls(strength=s))[0].makeup_db)
                                 for s in (1.0, 0.5))
    )  # fmt: skip
    np.testing.assert_allclose(half - sound, 0.5 * (whole - sound), atol=1e-5)


def test_a_gain_is_taken_back_when_the_loudness_is_kept() -> None:
    sound = low_passed(2, 4, RATE, below_hertz=18_000)
    made, found = remixed(sound, FakeRemixer(gains(0.5, 0.0)))
    assert made.makeup_db == pytest.approx(6.02, abs=0.05)
    assert loudness_lufs(found) == pytest.approx(loudness_lufs(sound), abs=0.05)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_loudness_target_is_reached_and_forecontext_of(strength: float) -> None:
    sound = 0.1 * programme(1, 4, RATE)
    made, found = remixed(sound, FakeRemixer(gains(0.7, 0.1)), Controls(loudness=-25, strength=strength))
    assert loudness_lufs(found) == pytest.approx(-25, abs=0.1)
    assert made.loudness.predicted_after_lufs == pytest.approx(-25, abs=0.1)


def test_what_the_limiter_takes_is_given_back_within_reason() -> None:
    sound = programme(2, 4, RATE)
    wished = loudness_lufs(sound) + 4
    _, found = remixed(sound, FakeRemixer(gains(0.9)), Controls(loudness=wished))
    assert true_peak_db(found) < -0.95
    assert loudness_lufs(found) == pytest.approx(wished, abs=0.3)
    far, flat = remixed(sound, FakeRemixer(gains(0.9)), Controls(loudness=-1))
    assert true_peak_db(flat) < -0.95
    assert far.makeup_db < -1 - loudness_lufs(0.9 * sound) + 3.1
    assert far.loudness.predicted_after_lufs == pytest.approx(loudness_lufs(flat), abs=0.2)


def test_silence_stays_silence() -> None:
    made, found = remixed(np.zeros((2, 30_000), np.float32), FakeRemixer(drawn()))
    assert not found.any()
    assert made.makeup_db == 0
    assert made.loudness.before_lufs is None


def test_nothing_comes_of_nothing() -> None:
    assert remixed(np.zeros((1, 0), np.float32), FakeRemixer(drawn()))[1].shape == (1, 0)


def test_it_remembers_where_most_is_changed() -> None:
    sound = 0.1 * low_passed(2, 4, RATE, below_hertz=18_000)
    sound[:, 2 * RATE : 3 * RATE] *= 10
    made, _ = remixed(sound, FakeRemixer(gains(0.0)), Controls(strength=0.5))
    assert len(made.changed) == 4
    wished = np.square(0.5 * sound).reshape(2, 4, RATE).mean(axis=(0, 2))
    np.testing.assert_allclose(made.changed, wished, rtol=0.05)


def test_gains_of_stems_are_refused() -> None:
    with pytest.raises(ModelError, match="knows no stems"):
        remixed(noise(1, 1000), FakeRemixer(), Controls(music_db=-3))
    check_controls(remix_card(), Controls(strength=0.3, loudness="ebu"))


def test_what_is_shown_is_told_nothing_is_zeros_and_another_width_is_refused() -> None:
    seen = Cues(("a", "b"), np.full((3, 2), 0.5, np.float32), ())
    assert context_of(seen, remix_card()) is None
    assert context_of(seen, remix_card(context="cues", context_width=2)) is seen.values
    nothing = context_of(without_picture(3.0), remix_card(context="clip", context_width=768))
    assert nothing is not None
    assert nothing.shape == (3, 768)
    assert not nothing.any()
    chosen = remix_card(context="cues", context_width=1, cue_names=("b",))
    wider = Cues(("a", "b", "c"), np.arange(9, dtype=np.float32).reshape(3, 3), ())
    np.testing.assert_array_equal(context_of(wider, chosen), wider.values[:, 1:2])
    with pytest.raises(ModelError, match=r"2 numbers a second, it was trained on 768 \(clip\)"):
        context_of(seen, remix_card(context="clip", context_width=768))
