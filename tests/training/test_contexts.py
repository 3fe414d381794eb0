from pathlib import Path

import numpy as np
import pytest
from training.small_set import small_set

from limelight.dataset.clips import CLIPS
from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError
from limelight.training.contexts import context_rows, context_width, read_rows
from limelight.vision.encoder import ContextChoice

ROWS = np.arange(24, dtype=np.float32).reshape(8, 3)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> MuddyMix:
    return MuddyMix(small_set(tmp_path_factory.mktemp("set")), "train")


def put(clips: MuddyMix, choice: ContextChoice, rows: np.ndarray) -> None:
    for entry in clips.entries:
        np.save(clips.folder / CLIPS / entry.name / choice.file, rows)


def test_a_passage_sees_its_own_seconds() -> None:
    many, one = ContextChoice("cues"), ContextChoice("cues", frames="one")
    assert np.array_equal(many.seen(ROWS, 2, 4), ROWS[2:6])
    assert np.array_equal(one.seen(ROWS, 2, 4), ROWS[4:5])  # the middle one
    beyond = many.seen(ROWS, 6, 4)
    assert np.array_equal(beyond[:2], ROWS[6:])
    assert not beyond[2:].any()


def test_files_are_named_by_what_is_asked() -> None:
    assert ContextChoice("cues").file == "cues.npy"
    assert ContextChoice("clip").file == "context-clip.npy"
    assert ContextChoice("captions", "minimal", "tone").file == "context-captions-minimal-tone.npy"
    assert ContextChoice("captions").file == "context-captions-focused-camera-focus.npy"


def test_the_clips_say_how_wide_a_context_is(clips: MuddyMix) -> None:
    assert context_width(clips, ContextChoice()) == 0
    assert context_width(clips, ContextChoice("cues")) == 32
    put(clips, ContextChoice("words"), ROWS)
    assert context_width(clips, ContextChoice("words")) == 3
    assert np.array_equal(context_rows(clips.folder, "clip-00", ContextChoice("words")), ROWS)  # type: ignore[arg-type]
    assert context_rows(clips.folder, "clip-00", ContextChoice()) is None
    assert np.array_equal(context_rows(clips.folder, "clip-00", ContextChoice("cues")), clips[0]["cues"])  # type: ignore[arg-type]


def test_missing_rows_are_told_before_training_begins(clips: MuddyMix) -> None:
    choice = ContextChoice("captions", "minimal", "tone")
    with pytest.raises(InputError, match=r"beside each of 4 clips, 4 have none \(as clip-00\)"):
        context_width(clips, choice)
    put(clips, choice, ROWS)
    (clips.folder / CLIPS / clips.entries[2].name / choice.file).unlink()
    with pytest.raises(InputError, match="1 have none"):
        context_width(clips, choice)


@pytest.mark.parametrize("bad", [ROWS[0], np.full((2, 3), np.nan, np.float32)])
def test_rows_that_are_none_are_refused(tmp_path: Path, bad: np.ndarray) -> None:
    np.save(tmp_path / "rows.npy", bad)
    with pytest.raises(InputError, match="Wanted rows of finite numbers"):
        read_rows(tmp_path / "rows.npy")
    (tmp_path / "rows.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "rows.npy")


@pytest.mark.parametrize(
    "words", [("picture",), ("captions", "blunt"), ("captions", "minimal", "plot"), ("cues", "minimal", "tone", "few")]
)
def test_what_there_is_not_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=f"Wanted '{words[-1]}' for the context's"):
        ContextChoice(*words)
