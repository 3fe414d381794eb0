"""What the model is shown while a soundtrack is heard, and what is left behind."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from dsp.sounds import noise
from mixing.scenes import decided, filmed, scene
from models import FakeModel, Forgetful, by_region, fake_card

from limelight.cues.catalogue import CUE_NAMES
from limelight.cues.encoder import without_picture
from limelight.mixing.plan import PlannedSource
from limelight.mixing.sketch import listen_through
from limelight.mixing.survey import Survey
from limelight.signals import Cues, Shot


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
    measured = Survey(0, -27, 0, -1, -27)
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
