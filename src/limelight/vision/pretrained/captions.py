"""Captions of a film: made once, kept as a file that can be read, edited, and written by hand.

    {"format": "limelight-captions", "version": 1, "model": "…", "style": "focused",
     "captions": [{"start_seconds": 0.0, "end_seconds": 3.2, "picture_seconds": 1.5,
                   "words": {"camera focus": "A woman in close-up, the street behind her blurred.", …}}, …]}

A caption holds from its start to its end; what none covers has no words. By hand, `start_seconds`, `end_seconds` and
`words` are enough, and any of the six kinds of cue. In the cache the file's name is a hash of the key frames, the
model and the questions: the same film, asked the same, is found again wherever it lies, and an edited file is used as
it is. A file in the making is kept after every key frame.

Words watch: captions, or the measured cues in words, through a text encoder to one row of numbers a second.

From SemMix (arXiv 2601.08871): six kinds of cue are asked of a vision-language model for each key frame, and reach the
network as text embeddings. Camera focus helped most there, and is what is asked by default. Three ways to get the words:

    CaptionedPictures   a vision-language model answers (and its answers are kept)
    CaptionsByHand      a file of captions, made earlier or written
    CuesInWords         the classical measurements, in words: no vision-language model at all

The row of a second is the embedding of the caption that holds at its middle.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from limelight.errors import InputError
from limelight.types import Cues, Picture, Shot
from limelight.vision.cues import KINDS
from limelight.vision.encoder import PictureStatistics
from limelight.vision.pretrained.captioner import Captioner, Style, read_prompts
from limelight.vision.pretrained.sampling import KeyFrame, embedding_names, frame_buffer
from limelight.vision.pretrained.text import TextEncoder


class Caption(BaseModel):
    """What is said of a stretch of film."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start_seconds: float = Field(ge=0)
    end_seconds: float = Field(ge=0)
    picture_seconds: float | None = Field(default=None, ge=0, description="time of the key frame")
    words: dict[str, str]

    @field_validator("words")
    @classmethod
    def _known_kinds(cls, words: dict[str, str]) -> dict[str, str]:
        if strangers := set(words) - set(KINDS):
            raise ValueError(f"{', '.join(sorted(strangers))}: no kind of cue; the kinds are {', '.join(KINDS)}")
        return words

    @model_validator(mode="after")
    def _lasts(self) -> Caption:
        if self.end_seconds <= self.start_seconds:
            raise ValueError(f"a caption must last: {self.start_seconds} to {self.end_seconds} s")
        return self

    def sentence(self, kinds: Iterable[str]) -> str:
        """The words of some kinds as one text, each led by its kind where there are several."""
        said = {kind: self.words[kind].strip() for kind in kinds if self.words.get(kind, "").strip()}
        if len(said) == 1:
            return next(iter(said.values()))
        return " ".join(f"{kind.capitalize()}: {words.rstrip('.')}." for kind, words in said.items())


class Captions(BaseModel):
    """All of a film, in order of time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["limelight-captions"] = "limelight-captions"
    version: Literal[1] = 1
    model: str = "by hand"
    style: str = "by hand"
    captions: tuple[Caption, ...]

    def at(self, seconds: float) -> Caption | None:
        """The caption that holds at a time."""
        return next((c for c in self.captions if c.start_seconds <= seconds < c.end_seconds), None)


def read_captions(path: Path) -> Captions:
    """Raises InputError."""
    try:
        return Captions.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"The captions in {path} are not usable, {place}: {first['msg']}; mend it there.") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        said = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"Wanted captions in {path}, could not read it ({said}); check the path.") from error


def write_captions(path: Path, captions: Captions) -> None:
    """Replaces `path` at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(captions.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8")
    os.replace(draft, path)


def cache_folder() -> Path:
    """Where captions are kept: $XDG_CACHE_HOME/limelight/captions, by default under ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "limelight" / "captions"


def content_name(parts: Iterable[bytes]) -> str:
    """A file's name from what it is about."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return f"{digest.hexdigest()[:24]}.json"


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

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> ToldFilm:
        """The same in words."""
        with frame_buffer() as room:
            measured = PictureStatistics().encode(room.watch(pictures), duration_seconds=duration_seconds)
            return ToldFilm(self.caption(room.key_frames(measured.shots)), measured.shots)

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

    def tell(self, pictures: Iterable[Picture], *, duration_seconds: float) -> ToldFilm:
        """The same in words."""
        return ToldFilm(self._captions, PictureStatistics().encode(pictures, duration_seconds=duration_seconds).shots)


class CuesInWords:
    """A `cues.encoder.Encoder`: what classical vision measured, in its own words, as if it were captions."""

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
