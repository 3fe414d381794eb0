"""Words watch: captions, or the measured cues in words, through a text encoder to one row of numbers a second.

From SemMix (arXiv 2601.08871): six kinds of cue are asked of a vision-language model for each key frame, and reach the
network as text embeddings. Camera focus helped most there, and is what is asked by default. Three ways to get the words:

    CaptionedPictures   a vision-language model answers (and its answers are kept)
    CaptionsByHand      a file of captions, made earlier or written
    CuesInWords         the classical measurements, in words: no vision-language model at all

The row of a second is the embedding of the caption that holds at its middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from limelight.cues.catalogue import KINDS
from limelight.cues.encoder import PictureStatistics
from limelight.cues.pretrained.captions import (
    Caption,
    Captions,
    cache_folder,
    content_name,
    read_captions,
    write_captions,
)
from limelight.cues.pretrained.internvl import Captioner
from limelight.cues.pretrained.key_frames import KeyFrame, waiting_room
from limelight.cues.pretrained.prompts import Style, read_prompts
from limelight.cues.pretrained.sampling import embedding_names
from limelight.cues.pretrained.text_encoder import TextEncoder
from limelight.signals import Cues, Picture, Shot

BEST_KINDS = ("camera focus",)


@dataclass(frozen=True)
class Story:
    """A film in words."""

    captions: Captions
    shots: tuple[Shot, ...]  # as they were measured

    def cues(self, text: TextEncoder, *, kinds: tuple[str, ...], duration_seconds: float) -> Cues:
        """The story in numbers, one row a second [T, D]."""
        return cues_of_captions(self.captions, text, kinds=kinds, shots=self.shots, duration_seconds=duration_seconds)


class Teller(Protocol):
    """A way to tell a film in words; all encoders here are one too."""

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Story:
        """Watch pictures, in time order, of a film that lasts `duration_seconds`."""
        ...


class CaptionedPictures:
    """A `cues.encoder.Encoder`: asks a vision-language model about the key frames of every shot."""

    def __init__(
        self,
        captioner: Captioner,
        text: TextEncoder,
        *,
        kinds: tuple[str, ...] = BEST_KINDS,
        style: Style = Style.focused,
        cache: Path | None = None,
    ) -> None:
        """`kinds`: which of the six are asked; `cache`: a folder, by default the user's."""
        self._captioner, self._text, self._kinds, self._style = captioner, text, kinds, style
        questions = read_prompts(style)
        self._questions = {kind: questions[kind] for kind in kinds}
        self._cache = cache or cache_folder()

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, D]; the shots' words are the captions where there are any, else the measurements'."""
        story = self.tell(pictures, duration_seconds=duration_seconds)
        return story.cues(self._text, kinds=self._kinds, duration_seconds=duration_seconds)

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Story:
        """The same in words."""
        with waiting_room() as room:
            measured = PictureStatistics().encode(room.watch(pictures), duration_seconds=duration_seconds)
            return Story(self.caption(room.key_frames(measured.shots)), measured.shots)

    def caption(self, frames: tuple[KeyFrame, ...]) -> Captions:
        """Captions of key frames: from the cache where they are there, else asked, and kept after each."""
        path = self._cache / self._name(frames)
        made = list(read_captions(path).captions) if path.exists() else []
        starts = {caption.start_seconds for caption in made}
        for frame in frames:
            if frame.start_seconds not in starts:
                made.append(self._asked(frame))
                made.sort(key=lambda caption: caption.start_seconds)
                write_captions(path, self._captions(made))
        return self._captions(made)

    def _asked(self, frame: KeyFrame) -> Caption:
        image = frame.image
        return Caption(
            start_seconds=frame.start_seconds,
            end_seconds=frame.end_seconds,
            picture_seconds=frame.picture_seconds,
            words={kind: self._captioner.ask(image, question) for kind, question in self._questions.items()},
        )

    def _captions(self, made: list[Caption]) -> Captions:
        return Captions(model=self._captioner.name, style=str(self._style), captions=tuple(made))

    def _name(self, frames: tuple[KeyFrame, ...]) -> str:
        asked = [self._captioner.name, *(f"{kind}: {question}" for kind, question in self._questions.items())]
        times = [f"{frame.start_seconds:.3f} {frame.end_seconds:.3f}" for frame in frames]
        return content_name(
            [*(text.encode() for text in asked + times), *(frame.path.read_bytes() for frame in frames)]
        )


class CaptionsByHand:
    """A `cues.encoder.Encoder` that is told; shots are still found in the pictures."""

    def __init__(self, captions: Captions, text: TextEncoder, *, kinds: tuple[str, ...] = KINDS) -> None:
        self._captions, self._text, self._kinds = captions, text, kinds

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, D], zeros where no caption holds."""
        story = self.tell(pictures, duration_seconds=duration_seconds)
        return story.cues(self._text, kinds=self._kinds, duration_seconds=duration_seconds)

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Story:
        """The same in words."""
        return Story(self._captions, PictureStatistics().encode(pictures, duration_seconds=duration_seconds).shots)


class CuesInWords:
    """A `cues.encoder.Encoder`: what classical vision measured, in its own words, as if it were captions."""

    def __init__(self, text: TextEncoder, *, kinds: tuple[str, ...] = KINDS) -> None:
        self._text, self._kinds = text, kinds

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, D], one embedding a shot."""
        story = self.tell(pictures, duration_seconds=duration_seconds)
        return story.cues(self._text, kinds=self._kinds, duration_seconds=duration_seconds)

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Story:
        """The same in words."""
        shots = PictureStatistics().encode(pictures, duration_seconds=duration_seconds).shots
        captions = tuple(
            Caption(start_seconds=shot.start_seconds, end_seconds=shot.end_seconds, words=dict(shot.words))
            for shot in shots
        )
        return Story(Captions(model="picture statistics", style="measured", captions=captions), shots)


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
