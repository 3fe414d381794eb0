"""Which encoder a model is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from vision.pretrained.fakes import three_shots

from limelight.dataset.films import FRAME_HEIGHT
from limelight.errors import InputError, ModelError
from limelight.types import Cues
from limelight.vision.encoder import (
    CAPTIONER_HEIGHT,
    PICTURE_HEIGHT,
    ContextChoice,
    ContextRequest,
    ContextSource,
    LazyEncoder,
    NoPicture,
    PictureStatistics,
    encoder_for,
    encoder_of,
)
from limelight.vision.pretrained.captions import Caption, Captions, write_captions

NOWHERE = "/nowhere/at/all"


def looked(wish: ContextRequest, trained: str, width: int = 0) -> Cues:
    return encoder_for("tiny", trained, wish, width=width).encoder.encode(three_shots(), duration_seconds=6)


def test_a_model_is_told_what_it_was_trained_on_or_nothing() -> None:
    assert isinstance(encoder_for("tiny", "cues", ContextRequest()).encoder, PictureStatistics)
    assert isinstance(encoder_for("tiny", "none", ContextRequest()).encoder, NoPicture)
    for trained in ("none", "cues", "clip", "captions"):
        assert isinstance(encoder_for("tiny", trained, ContextRequest("none")).encoder, NoPicture)


@pytest.mark.parametrize(("trained", "name"), [
    ("cues", "clip"), ("cues", "words"), ("none", "cues"), ("clip", "cues"), ("captions", "words"),
])  # fmt: skip
def test_another_context_than_it_was_trained_on_is_refused(trained: str, name: str) -> None:
    with pytest.raises(ModelError, match=f"the context '{name}', it was trained on"):
        encoder_for("tiny", trained, ContextRequest(name))


def test_pictures_are_as_high_as_the_encoder_wants_them() -> None:
    heights = {
        name: encoder_of(name, ContextRequest(name)).picture_height
        for name in ("none", "cues", "clip", "captions", "words")
    }
    assert heights == {
        "none": PICTURE_HEIGHT,
        "cues": PICTURE_HEIGHT,
        "clip": 224,
        "captions": 448,
        "words": PICTURE_HEIGHT,
    }
    assert (
        encoder_of("captions", ContextRequest("captions", captions=Path("mine.json"))).picture_height == PICTURE_HEIGHT
    )


@pytest.mark.parametrize(("name", "more", "flag"), [
    ("cues", {"model": "x"}, "--context-model"), ("words", {"model": "x"}, "--context-model"),
    ("clip", {"text_model": "x"}, "--text-model"), ("none", {"text_model": "x"}, "--text-model"),
    ("words", {"captions": Path("x")}, "--captions"), ("clip", {"captions": Path("x")}, "--captions"),
])  # fmt: skip
def test_flags_without_a_use_are_refused(name: str, more: dict[str, str], flag: str) -> None:
    with pytest.raises(ValueError, match=f"{flag} is for --context"):
        ContextRequest(name, **more)


def test_flags_without_a_use_for_the_models_own_context_are_refused_too() -> None:
    with pytest.raises(ValueError, match="--captions is for --context captions, not for clip"):
        encoder_for("tiny", "clip", ContextRequest(captions=Path("mine.json")))


def test_frames_are_kept_as_high_as_the_captioner_wants_them() -> None:
    assert FRAME_HEIGHT >= CAPTIONER_HEIGHT


@pytest.mark.parametrize("choice", [
    ContextChoice("captions", "minimal", "tone"),
    ContextChoice("captions", "focused", "emotion"),
    ContextChoice("captions", "general"),
])  # fmt: skip
def test_a_film_is_asked_what_the_model_was_trained_on_and_by_the_same_networks(
    choice: ContextChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vision.pretrained.fakes import ColourSayer, FirstLetters

    from limelight.vision.pretrained import captioned, captions, encoders

    said, loaded = ColourSayer(), []

    def loading(name: str, made: object) -> object:
        loaded.append(name)
        return made

    monkeypatch.setattr(captioned, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(captions, "InternVl", lambda name, **_how: loading(name, said))
    monkeypatch.setattr(encoders, "text_encoder", lambda name, **_how: loading(name, FirstLetters()))
    source = ContextSource(choice, "its-captioner", "its-reader")
    for wish, names in (
        (ContextRequest(), ["its-captioner", "its-reader"]),
        (ContextRequest(model="another", text_model="reader"), ["another", "reader"]),
    ):
        told = encoder_for("tiny", "captions", wish, width=26, source=source).encoder
        told.encode(three_shots(), duration_seconds=6)
        assert sorted(loaded) == sorted(names)
        loaded.clear()
    questions = captions.read_prompts(captions.PromptStyle(choice.prompts))
    assert set(said.asked) == {questions[kind] for kind in choice.asked}


def test_nothing_is_loaded_before_it_is_asked_and_nothing_kept_after() -> None:
    made: list[str] = []

    def make() -> NoPicture:
        made.append("encoder")
        return NoPicture()

    later = LazyEncoder(make)
    assert not made
    assert not later.encode([], duration_seconds=2).values.any()
    later.encode([], duration_seconds=2)
    assert len(made) == 2


@pytest.mark.parametrize(("keep", "loaded"), [(False, 2), (True, 1)])
def test_networks_are_kept_from_film_to_film_where_that_is_wished(
    keep: bool, loaded: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vision.pretrained.fakes import ColourSayer, FirstLetters, letters

    from limelight.vision.pretrained import captioned, captions, encoders

    counted: list[str] = []

    def counting(kind: type, name: str, device: str | None, offline: bool) -> object:
        counted.append(name)
        return kind()

    monkeypatch.setattr(captioned, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(captions, "InternVl", lambda name, **how: counting(ColourSayer, name, **how))
    monkeypatch.setattr(encoders, "text_encoder", lambda name, **how: counting(FirstLetters, name, **how))
    for _film in range(2):
        wish = ContextRequest(model="sayer", text_model="letters", keep=keep)
        assert letters(looked(wish, "captions", 26).values) == "rrbbgg"
    assert sorted(counted) == sorted(["sayer", "letters"] * loaded)


def test_weights_that_are_not_there_are_named_when_they_are_asked_for() -> None:
    pytest.importorskip("transformers")
    for name, width, wish in (
        ("clip", 768, ContextRequest(model=NOWHERE, offline=True)),
        ("captions", 512, ContextRequest(model=NOWHERE, offline=True)),
        ("words", 512, ContextRequest(text_model=NOWHERE, offline=True)),
    ):
        with pytest.raises(ModelError, match=NOWHERE):
            looked(wish, name, width)


def test_offline_is_offline_and_the_text_model_follows_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    from limelight.vision.pretrained import encoders as loading

    asked: list[tuple[str, str, bool]] = []

    class Shop:
        def __getattr__(self, kind: str) -> object:
            class Kind:
                @staticmethod
                def from_pretrained(name: str, *, local_files_only: bool, **_options: object) -> None:
                    asked.append((kind, name, local_files_only))
                    raise OSError("no such weights")

            return Kind

    monkeypatch.setattr(loading, "transformers", Shop)
    for offline in (True, False):
        for width, name in ((512, "google/t5-v1_1-small"), (4096, "google/t5-v1_1-xxl")):
            with pytest.raises(ModelError, match="no such weights"):
                looked(ContextRequest(offline=offline, device="cpu"), "words", width)
            assert asked.pop() == ("AutoTokenizer", name, offline)


def test_captions_by_hand_need_only_a_text_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vision.pretrained.fakes import FirstLetters, letters

    from limelight.vision import encoder as encoders

    monkeypatch.setattr(encoders, "text_of", lambda wish, *, width: FirstLetters())
    caption = Caption(start_seconds=1, end_seconds=3, words={"tone": "Amber"})
    write_captions(tmp_path / "mine.json", Captions(captions=(caption,)))
    cues = looked(ContextRequest(captions=tmp_path / "mine.json"), "captions", 26)
    assert letters(cues.values) == "-aa---"
    with pytest.raises(InputError, match=r"theirs\.json"):
        looked(ContextRequest(captions=tmp_path / "theirs.json"), "captions", 26)
    assert np.array_equal(
        letters(looked(ContextRequest("captions", captions=tmp_path / "mine.json"), "captions", 26).values), "-aa---"
    )
