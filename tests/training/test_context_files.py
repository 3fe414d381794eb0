"""Contexts beside the clips, made with encoders that answer without any weights."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from training.small_set import small_set

from limelight.dataset.clips import CLIPS, read_cues
from limelight.dataset.manifest import Entry, read_manifest
from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError
from limelight.training.contexts import (
    CaptionContexts,
    ContextChoice,
    FrameContexts,
    Rows,
    WordContexts,
    context_width,
    key_frames_of,
    make_contexts,
    maker_of,
    read_frame,
    read_rows,
    worded_shots,
)
from limelight.vision.cues import CUE_NAMES, KINDS
from limelight.vision.pretrained.captions import CaptionedPictures
from limelight.vision.pretrained.sampling import unit_length


class Letters:
    """A text encoder: how often each of eight letters occurs."""

    width = 8

    def __init__(self) -> None:
        self.read: list[str] = []

    def embed(self, sentences: Sequence[str]) -> Rows:
        self.read.extend(sentences)
        return unit_length(np.array([[s.count(letter) for letter in "aeioustn"] for s in sentences], np.float32))


class Colours:
    """A picture encoder: the mean colour."""

    def embed(self, images: list[np.ndarray]) -> Rows:
        return unit_length(np.stack([image.mean(axis=(0, 1)) for image in images]).astype(np.float32))


class Looker:
    """A vision-language model: says how bright it is."""

    name = "looker"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, image: np.ndarray, question: str) -> str:
        self.asked.append(question)
        return f"{question} Brightness {image.mean():.0f}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("set"), seconds=3.0, pictures=True)


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "set"))


def first(folder: Path) -> Entry:
    return read_manifest(folder)[0]


def rows_of(folder: Path, choice: ContextChoice, name: str = "clip-00") -> Rows:
    return read_rows(folder / CLIPS / name / choice.file)


def test_words_need_no_frames(tmp_path: Path) -> None:
    folder, text = small_set(tmp_path, seconds=3.0), Letters()
    assert make_contexts(folder, WordContexts(text)) == 8
    rows = rows_of(folder, ContextChoice("words"))
    assert rows.shape == (3, 8)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    assert all(sentence.startswith("Camera focus: ") for sentence in text.read)
    assert context_width(MuddyMix(folder), ContextChoice("words")) == 8


def test_what_is_there_is_not_made_again(folder: Path) -> None:
    text, told = Letters(), []
    make_contexts(folder, WordContexts(text))
    place = folder / CLIPS / "clip-03" / ContextChoice("words").file
    place.unlink()
    read = len(text.read)
    assert make_contexts(folder, WordContexts(text), progress=lambda done, total: told.append((done, total))) == 1
    assert len(text.read) == read + 3
    assert told == [(n, 8) for n in range(1, 9)]


def test_a_shots_words_are_those_of_its_seconds(folder: Path) -> None:
    """Numbers come back from their scales into their units."""
    entry, values = first(folder), np.zeros((3, len(CUE_NAMES)), np.float32)
    values[:, CUE_NAMES.index("picture")] = 1
    values[0, CUE_NAMES.index("key")] = 0.9
    values[1:, CUE_NAMES.index("key")] = (0.1, 0.3)
    values[:, CUE_NAMES.index("warmth")] = 0.5
    assert entry.cuts_seconds == (0.4,)
    early, late = worded_shots(values, entry)
    assert (early.end_seconds, late.start_seconds, late.end_seconds) == (0.4, 0.4, 3.0)
    assert "high key, bright (mean luma 0.90)" in early.words["tone"]  # no middle of a second is in it: the nearest
    assert f"mean luma {np.mean([0.9, 0.1, 0.3]):.2f}" in late.words["tone"]
    assert "neutral (+0.00)" in late.words["tone"]
    assert "this shot 2.6 s" in late.words["emotion"]


def test_without_a_picture_the_words_say_so(folder: Path) -> None:
    shots = worded_shots(np.zeros((3, len(CUE_NAMES)), np.float32), first(folder))
    assert {words for shot in shots for words in shot.words.values()} == {"no picture"}


def test_frames_are_embedded_one_a_second(folder: Path) -> None:
    make_contexts(folder, FrameContexts(Colours()))  # type: ignore[arg-type]
    rows = rows_of(folder, ContextChoice("clip"))
    shown = [read_frame(folder / CLIPS / "clip-00" / "frames" / f"{n:02d}.jpg") for n in range(3)]
    np.testing.assert_allclose(rows, Colours().embed(shown))
    assert read_cues(folder, "clip-00").shape == (3, 32)


def test_each_cue_is_asked_once_and_kept_apart(folder: Path, tmp_path: Path) -> None:
    looker, text = Looker(), Letters()
    maker = CaptionContexts(CaptionedPictures(looker, text, kinds=KINDS, cache=tmp_path / "cache"), text, "focused")
    make_contexts(folder, maker)
    assert len(looker.asked) == 8 * 2 * len(KINDS)  # clips, key frames, cues
    rows = {kind: rows_of(folder, ContextChoice("captions", "focused", kind)) for kind in KINDS}
    assert all(found.shape == (3, 8) for found in rows.values())
    assert not np.array_equal(rows["tone"], rows["emotion"])
    with pytest.raises(InputError, match="beside each of 8 clips, 8 have none"):
        context_width(MuddyMix(folder), ContextChoice("captions", "minimal"))


def test_key_frames_speak_for_whole_shots(folder: Path) -> None:
    early, late = key_frames_of(folder, first(folder))
    assert (early.start_seconds, early.end_seconds, early.path.name) == (0.0, 0.4, "00.jpg")
    assert (late.start_seconds, late.end_seconds, late.path.name) == (0.4, 3.0, "01.jpg")


def test_a_set_without_frames_and_damaged_frames_are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="build the set with --frames"):
        make_contexts(small_set(tmp_path / "blind"), FrameContexts(Colours()))  # type: ignore[arg-type]
    (folder / CLIPS / "clip-00" / "frames" / "01.jpg").write_bytes(b"\xff\xd8 no picture")
    with pytest.raises(InputError, match="which is damaged"):
        make_contexts(folder, FrameContexts(Colours()))  # type: ignore[arg-type]
    assert not (folder / CLIPS / "clip-00" / ContextChoice("clip").file).exists()


def test_only_what_can_be_made_is_made() -> None:
    with pytest.raises(InputError, match="Wanted the context 'cues' made; words, clip and captions can be"):
        maker_of("cues", model=None, text_model=None, style="focused", device="cpu", offline=True)
