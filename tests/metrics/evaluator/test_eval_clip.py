from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from metrics.evaluator.sets import write_set

from limelight.errors import InputError
from limelight.metrics.clips import cues_of, read_eval_clip
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import ContextChoice


def test_the_stems_in_the_input_sum_to_it(tmp_path: Path) -> None:
    for entry in write_set(tmp_path):
        clip = read_eval_clip(tmp_path, entry, entry)
        np.testing.assert_allclose(clip.degraded.sum(axis=0), clip.input, atol=1e-6)
        np.testing.assert_allclose(clip.stems.sum(axis=0), clip.target, atol=1e-6)
        assert clip.seconds == 1.5


def test_pictures_are_the_clip_s_own_and_another_s(tmp_path: Path) -> None:
    entries = write_set(tmp_path)
    clip = read_eval_clip(tmp_path, entries[0], entries[2])
    assert clip.own.cues.values[0, 1] == 0
    assert clip.another.cues.values[0, 1] == pytest.approx(0.02)
    assert [shot.start_seconds for shot in clip.own.cues.shots] == [0, 0.5]
    assert clip.own.cues.names == CUE_NAMES


def test_contexts_that_were_computed_once_are_read_when_a_model_wants_them(tmp_path: Path) -> None:
    entry = write_set(tmp_path)[0]
    shown = read_eval_clip(tmp_path, entry, entry).own
    assert shown.context(ContextChoice("cues")) is shown.cues.values
    rows = np.ones((4, 5), np.float32)
    np.save(tmp_path / "clips" / entry.name / "context-clip.npy", rows)
    assert np.array_equal(shown.context(ContextChoice("clip")), rows)
    words = ContextChoice("words")
    with pytest.raises(InputError, match=r"Wanted the context 'words' of clip-0000, found no .*context-words\.npy"):
        shown.context(words)


def test_where_all_is_well_the_input_is_the_target(tmp_path: Path) -> None:
    entry = write_set(tmp_path)[0]
    good = read_eval_clip(tmp_path, entry, entry).well_mixed
    assert np.array_equal(good.input, good.target)
    assert np.array_equal(good.degraded, good.stems)


def test_cues_of_another_version_are_refused(tmp_path: Path) -> None:
    entry = write_set(tmp_path)[0]
    np.save(tmp_path / "clips" / entry.name / "cues.npy", np.zeros((2, 4), np.float32))
    with pytest.raises(InputError, match="cues of this version"):
        cues_of(tmp_path, entry)
