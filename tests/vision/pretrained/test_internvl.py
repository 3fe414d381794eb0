"""InternVL, with a tiny model and a tiny vocabulary saved in the real format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from vision.pretrained.fakes import SCENES
from vision.pretrained.tiny_internvl import MARKS, WORDS, tiny_internvl

from limelight.errors import ModelError
from limelight.vision.pretrained.captions import LONGEST_ANSWER, InternVl


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_internvl(tmp_path_factory.mktemp("weights") / "internvl")


@pytest.fixture(scope="module")
def internvl(folder: Path) -> InternVl:
    return InternVl(str(folder), device="cpu", offline=True)


def test_an_answer_is_one_line_and_the_same_every_time(internvl: InternVl) -> None:
    (answer,) = internvl.ask([SCENES[0]], ["what is seen?"])
    assert [answer] == internvl.ask([SCENES[0]], ["what is seen?"])
    assert "\n" not in answer
    assert not any(mark in answer for mark in MARKS)
    assert 0 < len(answer.split()) <= LONGEST_ANSWER
    assert set(answer.split()) <= set(WORDS)


def test_the_picture_is_looked_at(internvl: InternVl) -> None:
    """The placeholders are filled: other pictures move the likelihoods of the first word."""
    pictures = [*SCENES, np.zeros((40, 60, 3), np.uint8), np.full((40, 60, 3), 255, np.uint8)]
    assert len({internvl.ask([picture], ["what is seen?"])[0] for picture in pictures}) > 1


def test_many_questions_are_answered_as_one_by_one(internvl: InternVl) -> None:
    """Of different lengths, so that the shorter ones are padded."""
    questions = ["what is seen?", "a door?", "what is a red door?"]
    alone = [internvl.ask([image], [question])[0] for image, question in zip(SCENES, questions, strict=True)]
    assert internvl.ask(SCENES, questions) == alone


def test_the_conversation_holds_as_many_places_as_the_picture_needs(internvl: InternVl) -> None:
    said = internvl._conversation("what?")
    assert said.count("<IMG_CONTEXT>") == 4
    assert said.startswith("<|im_start|>user\n<img><IMG_CONTEXT>")
    assert said.endswith("\nwhat?<|im_end|>\n<|im_start|>assistant\n")


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        InternVl(str(tmp_path / "nowhere"), device="cpu", offline=True)
