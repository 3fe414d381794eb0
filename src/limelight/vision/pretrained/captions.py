"""Captions of a film: made once, kept as a file that can be read, edited, and written by hand.

    {"format": "limelight-captions", "version": 1, "model": "…", "style": "focused",
     "captions": [{"start_seconds": 0.0, "end_seconds": 3.2, "picture_seconds": 1.5,
                   "words": {"camera focus": "A woman in close-up, the street behind her blurred.", …}}, …]}

A caption holds from its start to its end; what none covers has no words. By hand, `start_seconds`, `end_seconds` and
`words` are enough, and any of the six kinds of cue, or `general`. In the cache the file's name is a hash of the key frames, the
model and the questions: the same film, asked the same, is found again wherever it lies, and an edited file is used as
it is. A file in the making is kept after every key frame.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from limelight.errors import InputError
from limelight.vision.contexts import GENERAL
from limelight.vision.cues import KINDS

KNOWN = (*KINDS, GENERAL)


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
        if strangers := set(words) - set(KNOWN):
            raise ValueError(f"{', '.join(sorted(strangers))}: no kind of cue; the kinds are {', '.join(KNOWN)}")
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
