"""The encoders of words, with a captioner and a text encoder that need no weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from vision.painting import film
from vision.pretrained.fakes import SCENES, ColourSayer, FirstLetters, letters, three_shots

from limelight.types import Cues
from limelight.vision.cues import KINDS
from limelight.vision.encoder import Encoder
from limelight.vision.pretrained.captioned import CaptionedPictures, CaptionsByHand, CuesInWords
from limelight.vision.pretrained.captions import (
    Caption,
    Captions,
    PromptStyle,
    read_captions,
    read_prompts,
    write_captions,
)


def watched(encoder: Encoder, seconds: float = 6.0) -> Cues:
    return encoder.encode(three_shots(), duration_seconds=seconds)


def test_each_second_is_told_in_the_words_of_its_shot(tmp_path: Path) -> None:
    sayer = ColourSayer()
    cues = watched(CaptionedPictures(sayer, FirstLetters(), cache=tmp_path))
    assert letters(cues.values) == "rrbbgg"
    assert cues.names[0] == "text_0000"
    assert [shot.words["camera focus"] for shot in cues.shots] == ["red", "blue", "green"]
    assert "luma" in cues.shots[0].words["tone"]  # not asked, hence measured
    assert sayer.asked == 3 * [read_prompts(PromptStyle.focused)["camera focus"]]


def test_the_same_film_is_not_asked_again_and_an_edited_answer_counts(tmp_path: Path) -> None:
    sayer = ColourSayer()
    encoder = CaptionedPictures(sayer, FirstLetters(), cache=tmp_path)
    first = watched(encoder)
    assert np.array_equal(watched(encoder).values, first.values)
    assert len(sayer.asked) == 3
    [path] = tmp_path.iterdir()
    path.write_text(path.read_text().replace('"blue"', '"violet"'))
    assert letters(watched(encoder).values) == "rrvvgg"


def test_a_deleted_answer_is_asked_again(tmp_path: Path) -> None:
    sayer = ColourSayer()
    encoder = CaptionedPictures(sayer, FirstLetters(), cache=tmp_path)
    watched(encoder)
    [path] = tmp_path.iterdir()
    made = read_captions(path)
    write_captions(path, made.model_copy(update={"captions": made.captions[:1] + made.captions[2:]}))
    assert letters(watched(encoder).values) == "rrbbgg"
    assert len(sayer.asked) == 4
    assert read_captions(path) == made


def test_other_questions_another_style_or_other_pictures_are_other_captions(tmp_path: Path) -> None:
    for kinds, style in (
        (("tone",), PromptStyle.focused),
        (("tone",), PromptStyle.minimal),
        (("emotion",), PromptStyle.minimal),
    ):
        watched(CaptionedPictures(ColourSayer(), FirstLetters(), kinds=kinds, style=style, cache=tmp_path))
    encoder = CaptionedPictures(ColourSayer(), FirstLetters(), kinds=("tone",), cache=tmp_path)
    encoder.encode(film(lambda i: SCENES[2], 3, rate=2), duration_seconds=1.5)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_stopped_captioning_goes_on_where_it_was(tmp_path: Path) -> None:
    class Stopped(ColourSayer):
        def ask(self, image: np.ndarray, question: str) -> str:
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return super().ask(image, question)

    with pytest.raises(KeyboardInterrupt):
        watched(CaptionedPictures(Stopped(), FirstLetters(), cache=tmp_path))
    [path] = tmp_path.iterdir()
    assert len(read_captions(path).captions) == 2
    sayer = ColourSayer()
    assert letters(watched(CaptionedPictures(sayer, FirstLetters(), cache=tmp_path)).values) == "rrbbgg"
    assert len(sayer.asked) == 1


def test_captions_by_hand_are_taken_as_they_are(tmp_path: Path) -> None:
    hand = Captions(captions=(Caption(start_seconds=1, end_seconds=4, words={"emotion": "Joy", "tone": "Amber"}),))
    write_captions(tmp_path / "mine.json", hand)
    read = read_captions(tmp_path / "mine.json")
    assert letters(watched(CaptionsByHand(read, FirstLetters())).values) == "-ttt--"  # "Tone: Amber. Emotion: Joy."
    assert letters(watched(CaptionsByHand(read, FirstLetters(), kinds=("emotion",))).values) == "-jjj--"


def test_shuffled_and_emptied_captions_reach_the_numbers(tmp_path: Path) -> None:
    watched(CaptionedPictures(ColourSayer(), FirstLetters(), cache=tmp_path))
    [path] = tmp_path.iterdir()
    made = read_captions(path)
    words = [caption.words for caption in made.captions]
    shuffled = [c.model_copy(update={"words": w}) for c, w in zip(made.captions, words[1:] + words[:1], strict=True)]
    empty = [c.model_copy(update={"words": {}}) for c in made.captions]

    def told(captions: list[Caption]) -> str:
        by_hand = CaptionsByHand(made.model_copy(update={"captions": tuple(captions)}), FirstLetters())
        return letters(watched(by_hand).values)

    assert told(shuffled) == "bbggrr"
    assert told(empty) == "-" * 6


def test_measured_cues_need_no_one_to_ask() -> None:
    class Remembers(FirstLetters):
        def embed(self, sentences):
            self.heard = list(sentences)
            return super().embed(sentences)

    text = Remembers()
    cues = watched(CuesInWords(text))
    assert len(dict.fromkeys(text.heard)) == len(cues.shots) == 3
    assert all(kind.capitalize() in text.heard[0] for kind in KINDS)
    only = watched(CuesInWords(text, kinds=("tone",)))
    assert text.heard[2] == only.shots[1].words["tone"]


def test_a_last_second_that_is_cut_short_is_still_told(tmp_path: Path) -> None:
    encoder = CaptionedPictures(ColourSayer(), FirstLetters(), cache=tmp_path)
    cues = encoder.encode(film(lambda i: SCENES[0], 5, rate=2), duration_seconds=2.2)
    assert letters(cues.values) == "rrr"


def test_a_film_without_pictures_says_nothing_and_asks_nobody(tmp_path: Path) -> None:
    sayer = ColourSayer()
    cues = CaptionedPictures(sayer, FirstLetters(), cache=tmp_path).encode([], duration_seconds=4)
    assert letters(cues.values) == "----"
    assert sayer.asked == []
