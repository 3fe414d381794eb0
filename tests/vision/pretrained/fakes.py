"""A captioner and a text encoder that need no weights, and shots painted in one colour each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from vision.painting import film, scene

from limelight.types import Picture

RATE = 2.0
SHOT_PICTURES = 4  # 2 s
SCENES = [
    scene(seed, width=160, height=90, base=base)
    for seed, base in enumerate([(190, 60, 60), (60, 60, 190), (60, 190, 60)])
]


def three_shots() -> Iterator[Picture]:
    """Red, blue, green, 2 s each."""
    return film(lambda i: SCENES[i // SHOT_PICTURES], 3 * SHOT_PICTURES, rate=RATE)


class ColourSayer:
    """Answers which colour is strongest, and counts how often it was asked."""

    name = "colour sayer"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, images: Sequence[NDArray[np.uint8]], questions: Sequence[str]) -> list[str]:
        self.asked.extend(questions)
        return [("red", "green", "blue")[int(image.mean((0, 1)).argmax())] for image in images]


class FirstLetters:
    """One number a letter: a sentence is where its first letter stands in the alphabet."""

    width = 26

    def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(sentences), self.width), np.float32)
        for row, sentence in zip(rows, sentences, strict=True):
            if sentence:
                row[ord(sentence[0].lower()) - ord("a")] = 1
        return rows


def letters(values: NDArray[np.float32]) -> str:
    """What FirstLetters was told, second by second; "-" for nothing."""
    return "".join(chr(ord("a") + int(row.argmax())) if row.any() else "-" for row in values)
