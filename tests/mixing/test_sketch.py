"""What the model is shown while a soundtrack is heard, and what is left behind."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from audio.sounds import noise
from fake_models import FakeModel, Forgetful, by_region, fake_card
from mixing.scenes import decided, filmed, scene

from limelight.mixing.features import listen_through
from limelight.mixing.loudness_plan import Measurements
from limelight.mixing.plan import PlannedSource
from limelight.types import Cues, Shot
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import without_picture


def test_the_picture_reaches_a_model_that_looks() -> None:
    """Each window is shown the rows of its seconds, timed from its start, but not those without a picture."""
    seconds = 25
    values = np.zeros((seconds, len(CUE_NAMES)), np.float32)
    values[:, CUE_NAMES.index("picture")] = 1
    values[:, 1] = np.arange(seconds) / 100
    values[7, CUE_NAMES.index("picture")] = 0
    model = FakeModel()
    decided(scene(1, seconds), model, cues=filmed(seconds, values=values))
    starts = [0.0, 384 * 1024 / 48_000]
    shown = [each for each in model.directed if len(each[1])]
    for start, (_, cues, times) in zip(starts, shown, strict=False):
        rows = np.round(100 * cues[:, 1]).astype(int)
        end = start + 480 * 1024 / 48_000
        expected = [row for row in range(seconds) if row + 1 > start and row < end and row != 7]
        np.testing.assert_array_equal(rows, expected)
        np.testing.assert_allclose(times, rows + 0.5 - start, atol=1e-5)


@pytest.mark.parametrize(
    "card", [fake_card(uses_picture=False), fake_card(cue_names=("picture", "other"))], ids=["blind", "other cues"]
)
def test_a_model_that_never_learnt_these_cues_is_shown_none(card) -> None:
    model = FakeModel(card=card)
    (shot,) = decided(scene(1, 2), model, cues=filmed(2)).shots
    assert {len(cues) for _, cues, _ in model.directed} == {0}
    assert shot.by_ear_db is None
    assert "by ear" not in shot.reason


def test_cues_without_a_column_for_the_picture_are_all_shown() -> None:
    names = ("face", "motion")
    model = FakeModel(card=fake_card(cue_names=names))
    decided(scene(1, 3), model, cues=Cues(names, np.ones((3, 2), np.float32), (Shot(0, 3, {}),)))
    assert [len(cues) for _, cues, _ in model.directed] == [3, 0]


def test_the_sketch_is_light_and_bounded() -> None:
    """An hour of listening leaves a few megabytes, whatever the channels."""
    card = fake_card(n_fft=64, hop=32, sample_rate=8000)
    source = PlannedSource(name="x", duration_seconds=0, sample_rate=8000, layout="stereo", audio_stream=0)
    measured = Measurements(0, -27, 0, -1, -27)
    block = noise(2, 4096)

    def peak(blocks: int) -> int:
        model = Forgetful(masks=by_region((1000.0, 2000.0), card=card), card=card)
        tracemalloc.start()
        listen_through((block for _ in range(blocks)), measured, without_picture(0), model, source)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(20)
    growth = (peak(200) - peak(40)) / (160 * 4096 / 32 / 4)  # bytes per token
    assert growth < 400


def two_scenes(seconds: int, cut_seconds: int) -> Cues:
    """A face, then none."""
    values = np.zeros((seconds, len(CUE_NAMES)), np.float32)
    values[:, CUE_NAMES.index("picture")] = 1
    values[:cut_seconds, 1:5] = 1
    return filmed(seconds, cut_seconds, values=values)


def test_no_scene_is_decided_by_the_picture_or_the_sound_of_the_next() -> None:
    sound = scene(1, 18)
    other = sound.copy()
    other[:, 6 * 48_000 :] = sound[:, : 6 * 48_000 - 1 : -1]  # another sound, as loud
    levels = []
    for heard in (sound, other):
        model = FakeModel()
        plan = decided(heard, model, cues=two_scenes(18, 6))
        assert plan.turns_seconds == [6.0]
        shown = [cues[:, 1] for _, cues, _ in model.directed if len(cues)]
        assert [set(rows.tolist()) for rows in shown] == [{1.0}, {0.0}, {0.0}]
        assert next(len(rows) for rows in shown) == 6
        levels.append(model.directed[0][0])
    first, again = (each[:-1] for each in levels)  # but for the step on the cut
    np.testing.assert_allclose(first, again, atol=0.2)


@pytest.mark.parametrize(("cut_seconds", "before", "after"), [(6.3, 6, 7), (6.7, 7, 6)])
def test_a_second_with_a_turn_in_it_belongs_to_one_side(cut_seconds: float, before: int, after: int) -> None:
    values = two_scenes(13, 6).values
    model = FakeModel()
    decided(scene(1, 13), model, cues=filmed(13, cut_seconds, values=values))
    assert [len(cues) for _, cues, _ in model.directed if len(cues)] == [before, after]


def test_a_cut_within_a_scene_and_a_model_that_does_not_look_make_no_turn() -> None:
    same = filmed(18, 6)
    assert decided(scene(1, 18), FakeModel(), cues=same).turns_seconds == []
    blind = FakeModel(card=fake_card(uses_picture=False))
    assert decided(scene(1, 18), blind, cues=two_scenes(18, 6)).turns_seconds == []
