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
from limelight.errors import InputError, ModelError, UsageError
from limelight.training.context_makers import (
    CaptionContexts,
    FrameContexts,
    Maker,
    MakerOptions,
    Shard,
    WordContexts,
    Work,
    general_frames_of,
    key_frames_of,
    maker_of,
    read_frame,
    sources_of,
    worded_shots,
)
from limelight.training.context_makers import make_contexts as make
from limelight.training.contexts import context_width, read_rows, source_of
from limelight.vision.cues import CUE_NAMES, KINDS
from limelight.vision.encoder import ContextChoice, Rows
from limelight.vision.pretrained.captioned import CaptionedPictures
from limelight.vision.pretrained.captions import PromptStyle
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
        self.calls: list[int] = []

    def ask(self, images: Sequence[np.ndarray], questions: Sequence[str]) -> list[str]:
        self.asked.extend(questions)
        self.calls.append(len(questions))
        return [f"{question} Brightness {image.mean():.0f}" for image, question in zip(images, questions, strict=True)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("set"), seconds=3.0, pictures=True)


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "set"))


def make_contexts(folder: Path, maker: Maker, **how: object) -> int:
    return make(Work.of(folder, maker.sources), maker, **how)  # type: ignore[arg-type]


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


@pytest.mark.slow
def test_what_is_there_is_not_made_again(folder: Path) -> None:
    text, told = Letters(), []
    make_contexts(folder, WordContexts(text))
    place = folder / CLIPS / "clip-03" / ContextChoice("words").file
    place.unlink()
    read = len(text.read)
    assert make_contexts(folder, WordContexts(text), progress=lambda done, total: told.append((done, total))) == 1
    assert len(text.read) == read + 3
    assert told == [(8, 8)]


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


def test_each_cue_is_asked_once_in_batches_and_kept_apart(folder: Path, tmp_path: Path) -> None:
    looker, text = Looker(), Letters()
    make_contexts(folder, captions(looker, text, KINDS, tmp_path / "cache", batch=18), group=3)
    assert len(looker.asked) == 8 * 2 * len(KINDS)  # clips, key frames, cues
    assert looker.calls == [18, 18, 18, 18, 18, 6]  # three, three and two clips of two frames, by three frames a batch
    rows = {kind: rows_of(folder, ContextChoice("captions", "focused", kind)) for kind in KINDS}
    assert all(found.shape == (3, 8) for found in rows.values())
    assert not np.array_equal(rows["tone"], rows["emotion"])
    with pytest.raises(InputError, match=r"beside each of 8 clips, 8 have none.*captions --prompts minimal"):
        context_width(MuddyMix(folder), ContextChoice("captions", "minimal"))


def captions(looker: Looker, text: Letters, kinds: Sequence[str], cache: Path, *, batch: int = 1) -> CaptionContexts:
    asked = CaptionedPictures(looker, text, kinds=tuple(kinds), cache=cache, batch=batch)
    return CaptionContexts(asked, text, tuple(ContextChoice("captions", "focused", kind) for kind in kinds))


def test_only_the_chosen_cue_is_asked(folder: Path, tmp_path: Path) -> None:
    looker = Looker()
    maker = captions(looker, Letters(), ["tone"], tmp_path)
    assert Work.of(folder, maker.sources).questions == 16
    make_contexts(folder, maker)
    assert len(looker.asked) == 16
    assert {question.split("Brightness")[0] for question in looker.asked} == {looker.asked[0]}
    assert rows_of(folder, ContextChoice("captions", "focused", "tone")).shape == (3, 8)


def test_the_general_question_is_asked_of_every_second(folder: Path, tmp_path: Path) -> None:
    looker, text = Looker(), Letters()
    choice = ContextChoice("captions", "general")
    asked = CaptionedPictures(looker, text, kinds=choice.asked, style=PromptStyle.general, cache=tmp_path, batch=4)
    make_contexts(folder, CaptionContexts(asked, text, (choice,)))
    assert len(looker.asked) == 8 * 3
    rows = rows_of(folder, choice)
    assert rows.shape == (3, 8)
    seen = [frame.picture_seconds for frame in general_frames_of(folder, first(folder))]
    assert seen == [0.0, 1.0, 2.0]
    assert choice.file == "context-captions-general.npy"


def test_shards_share_the_clips_and_leave_none(folder: Path) -> None:
    maker = WordContexts(Letters())
    shares = [Work.of(folder, maker.sources, Shard(n, 3)).entries for n in range(3)]
    names = [entry.name for share in shares for entry in share]
    assert [len(share) for share in shares] == [3, 3, 2]
    assert sorted(names) == [entry.name for entry in read_manifest(folder)]
    assert Shard.read("2/3") == Shard(2, 3)
    for wrong in ("3/3", "1", "a/b", "-1/3"):
        with pytest.raises(UsageError, match="--shard wants"):
            Shard.read(wrong)


def test_a_set_remembers_by_which_networks_its_contexts_were_made(folder: Path) -> None:
    make_contexts(folder, WordContexts(Letters(), name="google/t5-v1_1-small"))
    assert source_of(folder, ContextChoice("words")).text_model == "google/t5-v1_1-small"
    assert source_of(folder, ContextChoice("clip")).model == ""
    (folder / CLIPS / "clip-00" / ContextChoice("words").file).unlink()
    with pytest.raises(InputError, match="it was made with text_model 'google/t5-v1_1-small'; name the same"):
        make_contexts(folder, WordContexts(Letters(), name="google/t5-v1_1-base"))


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
        maker_of("cues", MakerOptions(device="cpu", offline=True))


@pytest.mark.parametrize(("context", "asked"), [("words", 0), ("clip", 24), ("captions", 24)])
def test_what_there_is_to_do_is_counted_before_any_network_is_there(built: Path, context: str, asked: int) -> None:
    """Eight clips of three seconds; the networks are nowhere, and only their work needs them."""
    nowhere = MakerOptions("/nowhere/at/all", "/nowhere/at/all", prompts="general", offline=True)
    work = Work.of(built, sources_of(context, nowhere))
    assert (len(work.entries), work.questions) == (8, asked)
    with pytest.raises(ModelError, match="/nowhere"):
        maker_of(context, nowhere)
