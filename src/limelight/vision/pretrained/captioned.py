"""A film in words, as one row of numbers a second: captions by a model or by hand, or the measured cues in words.

From VisAH (CVPR 2025) and SemMix (arXiv 2601.08871), through a text encoder. Three ways to get the words:

    CaptionedPictures   a vision-language model answers (and its answers are kept)
    CaptionsByHand      a file of captions, made earlier or written
    CuesInWords         the classical measurements, in words: no vision-language model at all

SemMix asks one of six cues of each key frame; camera focus helped most there, and is asked by default. VisAH asks one general
question a second. The row of a second is the embedding of the caption that holds at its middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from limelight.types import Cues, Picture, Shot
from limelight.vision.cues import KINDS
from limelight.vision.encoder import PictureStatistics
from limelight.vision.pretrained.captions import (
    Caption,
    Captioner,
    Captions,
    PromptStyle,
    cache_folder,
    content_name,
    read_captions,
    read_prompts,
    write_captions,
)
from limelight.vision.pretrained.encoders import TextEncoder
from limelight.vision.pretrained.sampling import KeyFrame, embedding_names, frame_buffer

Item = TypeVar("Item")
BEST_KINDS = ("camera focus",)


@dataclass(frozen=True)
class ToldFilm:
    """A film in words."""

    captions: Captions
    shots: tuple[Shot, ...]  # as they were measured

    def cues(self, text: TextEncoder, *, kinds: tuple[str, ...], duration_seconds: float) -> Cues:
        """The story in numbers, one row a second [T, D]."""
        return cues_of_captions(self.captions, text, kinds=kinds, shots=self.shots, duration_seconds=duration_seconds)


class FilmTeller(Protocol):
    """A way to tell a film in words; all encoders here are one too."""

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> ToldFilm:
        """Watch pictures, in time order, of a film that lasts `duration_seconds`."""
        ...


class CaptionedPictures:
    """A `vision.encoder.Encoder`: asks a vision-language model about key frames, many questions at a time."""

    def __init__(
        self,
        captioner: Captioner,
        text: TextEncoder,
        *,
        kinds: tuple[str, ...] = BEST_KINDS,
        style: PromptStyle = PromptStyle.focused,
        cache: Path | None = None,
        batch: int = 1,
    ) -> None:
        """`kinds`: which are asked; `cache`: a folder, by default the user's; `batch`: questions at a time."""
        self._captioner, self._text, self._kinds, self._style = captioner, text, kinds, style
        questions = read_prompts(style)
        self._questions = {kind: questions[kind] for kind in kinds}
        self._cache, self._batch = cache or cache_folder(), batch

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, D]; the shots' words are the captions where there are any, else the measurements'."""
        story = self.tell(pictures, duration_seconds=duration_seconds)
        return story.cues(self._text, kinds=self._kinds, duration_seconds=duration_seconds)

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> ToldFilm:
        """The same in words."""
        with frame_buffer() as room:
            measured = PictureStatistics().encode(room.watch(pictures), duration_seconds=duration_seconds)
            asked = seconds_of(duration_seconds) if self._style == PromptStyle.general else measured.shots
            return ToldFilm(self.caption(room.key_frames(asked)), measured.shots)

    def caption(self, frames: tuple[KeyFrame, ...]) -> Captions:
        """Captions of a film's key frames."""
        return self.caption_all([frames])[0]

    def caption_all(self, films: Sequence[tuple[KeyFrame, ...]]) -> list[Captions]:
        """Captions of several films' key frames: from the cache where they are there, else asked, and kept after each batch."""
        paths = [self._cache / self._name(frames) for frames in films]
        made = [{c.start_seconds: c for c in read_captions(path).captions} if path.exists() else {} for path in paths]
        missing = [
            (film, frame)
            for film, frames in enumerate(films)
            for frame in frames
            if frame.start_seconds not in made[film]
        ]
        for some in _batches(missing, max(1, self._batch // len(self._questions))):
            for (film, frame), words in zip(some, self._asked([frame for _, frame in some]), strict=True):
                made[film][frame.start_seconds] = Caption(
                    start_seconds=frame.start_seconds,
                    end_seconds=frame.end_seconds,
                    picture_seconds=frame.picture_seconds,
                    words=words,
                )
            for film in {film for film, _ in some}:
                write_captions(paths[film], self._captions(made[film]))
        return [self._captions(captions) for captions in made]

    def _asked(self, frames: Sequence[KeyFrame]) -> Iterator[dict[str, str]]:
        """All questions about some frames at once; the words of each."""
        images = [frame.image for frame in frames for _ in self._questions]
        answers = iter(self._captioner.ask(images, [*self._questions.values()] * len(frames)))
        for _ in frames:
            yield {kind: next(answers) for kind in self._questions}

    def _captions(self, made: dict[float, Caption]) -> Captions:
        in_order = tuple(made[start] for start in sorted(made))
        return Captions(model=self._captioner.name, style=str(self._style), captions=in_order)

    def _name(self, frames: tuple[KeyFrame, ...]) -> str:
        asked = [self._captioner.name, *(f"{kind}: {question}" for kind, question in self._questions.items())]
        times = [f"{frame.start_seconds:.3f} {frame.end_seconds:.3f}" for frame in frames]
        return content_name(
            [*(text.encode() for text in asked + times), *(frame.path.read_bytes() for frame in frames)]
        )


class CaptionsByHand:
    """A `vision.encoder.Encoder` that is told; shots are still found in the pictures."""

    def __init__(self, captions: Captions, text: TextEncoder, *, kinds: tuple[str, ...] = KINDS) -> None:
        self._captions, self._text, self._kinds = captions, text, kinds

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, D], zeros where no caption holds."""
        story = self.tell(pictures, duration_seconds=duration_seconds)
        return story.cues(self._text, kinds=self._kinds, duration_seconds=duration_seconds)

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> ToldFilm:
        """The same in words."""
        return ToldFilm(self._captions, PictureStatistics().encode(pictures, duration_seconds=duration_seconds).shots)


class CuesInWords:
    """A `vision.encoder.Encoder`: what classical vision measured, in its own words, as if it were captions."""

    def __init__(self, text: TextEncoder, *, kinds: tuple[str, ...] = KINDS) -> None:
        self._text, self._kinds = text, kinds

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, D], one embedding a shot."""
        story = self.tell(pictures, duration_seconds=duration_seconds)
        return story.cues(self._text, kinds=self._kinds, duration_seconds=duration_seconds)

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> ToldFilm:
        """The same in words."""
        shots = PictureStatistics().encode(pictures, duration_seconds=duration_seconds).shots
        captions = tuple(
            Caption(start_seconds=shot.start_seconds, end_seconds=shot.end_seconds, words=dict(shot.words))
            for shot in shots
        )
        return ToldFilm(Captions(model="picture statistics", style="measured", captions=captions), shots)


def cues_of_captions(
    captions: Captions, text: TextEncoder, *, kinds: tuple[str, ...], shots: tuple[Shot, ...], duration_seconds: float
) -> Cues:
    """One row a second [T, D] from captions, and the shots with their words."""
    seconds = range(math.ceil(duration_seconds))  # the last one may be cut short
    spoken = [captions.at((second + min(second + 1, duration_seconds)) / 2) for second in seconds]
    values = text.embed([caption.sentence(kinds) if caption else "" for caption in spoken])
    return Cues(
        embedding_names("text", text.width),
        np.asarray(values, np.float32),
        tuple(_with_words(shot, captions) for shot in shots),
    )


def _with_words(shot: Shot, captions: Captions) -> Shot:
    caption = captions.at((shot.start_seconds + shot.end_seconds) / 2)
    return Shot(shot.start_seconds, shot.end_seconds, {**shot.words, **(caption.words if caption else {})})


def seconds_of(duration_seconds: float) -> tuple[Shot, ...]:
    """Every second as a shot of its own, the last one as long as it lasts: VisAH's one caption a second."""
    edges = [*range(math.ceil(duration_seconds)), duration_seconds]
    return tuple(Shot(float(a), float(b), {}) for a, b in pairwise(edges) if b > a)


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[first : first + size] for first in range(0, len(items), size))
