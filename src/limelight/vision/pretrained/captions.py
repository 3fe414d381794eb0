"""Captions: asked for, kept as files, checked against the pictures.

Captions of a film: made once, kept as a file that can be read, edited, and written by hand.

    {"format": "limelight-captions", "version": 1, "model": "…", "style": "focused",
     "captions": [{"start_seconds": 0.0, "end_seconds": 3.2, "picture_seconds": 1.5,
                   "words": {"camera focus": "A woman in close-up, the street behind her blurred.", …}}, …]}

A caption holds from its start to its end; what none covers has no words. By hand, `start_seconds`, `end_seconds` and
`words` are enough, and any of the six kinds of cue, or `general`. In the cache the file's name is a hash of the key frames, the
model and the questions: the same film, asked the same, is found again wherever it lies, and an edited file is used as
it is. A file in the making is kept after every key frame.

A vision-language model is asked about pictures: InternVL through transformers, and the questions of `prompts.toml`.

VisAH and SemMix ask InternVL2-8B. That one runs only with code of its own, which we never do; ours is its successor in
transformers' own format, `OpenGVLab/InternVL3-8B-hf` (Qwen licence). Smaller: `OpenGVLab/InternVL3-1B-hf` and
`-2B-hf`. A picture goes in whole, without close-up tiles, and the answer is the likeliest one: no dice. Many questions are
answered together, padded to one length on the left, so that every answer begins at the same place.

Whether captions speak of what is seen, and whether their embeddings are fit for a network: SemMix's own checks.

From SemMix (arXiv 2601.08871), which names two signs of failure: captions that are off screen, and embeddings that are
misaligned. For pictures f_p and captions c_p, both of length 1:

    own_p = ⟨f_p, c_p⟩        others_p = mean over q ≠ p of ⟨f_q, c_p⟩        found_p: own_p is the largest of ⟨f_q, c_p⟩

A caption that speaks of its picture has own over others; one that would suit any picture has them alike.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from limelight.errors import InputError
from limelight.types import Vector
from limelight.vision.cues import KINDS
from limelight.vision.encoder import GENERAL
from limelight.vision.pretrained.encoders import best_device, load, load_network
from limelight.vision.pretrained.sampling import Image, Rows, whole_of

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


PROMPTS = Path(__file__).with_name("prompts.toml")


class PromptStyle(StrEnum):
    """How the questions are put."""

    minimal = "minimal"  # SemMix's six cues, each by its name alone
    focused = "focused"  # the same, held to what can be seen
    general = "general"  # VisAH's one question about the whole frame


def read_prompts(style: PromptStyle = PromptStyle.focused) -> dict[str, str]:
    """Kind of cue to question, in the order of the catalogue; of the general style there is one."""
    questions = tomllib.loads(PROMPTS.read_text(encoding="utf-8"))[style]
    kinds = (GENERAL,) if style == PromptStyle.general else KINDS
    return {kind: str(questions[kind]) for kind in kinds}


INTERNVL_8B = "OpenGVLab/InternVL3-8B-hf"
LONGEST_ANSWER = 60  # tokens; 25 words are about 35


class Captioner(Protocol):
    """A way to get an answer about a picture."""

    @property
    def name(self) -> str: ...

    def ask(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """A line about each picture [H, W, 3], by the question beside it."""
        ...


class InternVl:
    """An InternVL in transformers' format, by name or folder; pictures should be 448 lines high or more."""

    def __init__(self, name: str = INTERNVL_8B, *, device: str | None = None, offline: bool = False) -> None:
        """Raises ModelError."""
        self.name = name
        self._device = device or best_device()
        self._tokenizer: Any = load("AutoTokenizer", name, offline=offline)
        self._network: Any = load_network(
            "InternVLForConditionalGeneration", name, device=self._device, offline=offline
        )

    def ask(self, images: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """The likeliest answers, white space made plain."""
        import torch

        config = self._network.config
        pixels = torch.from_numpy(whole_of(images, int(config.vision_config.image_size[0])))
        told = [self._conversation(question) for question in questions]
        tokens = self._tokenizer(told, padding=True, padding_side="left", return_tensors="pt").to(self._device)
        with torch.inference_mode():
            said = self._network.generate(
                input_ids=tokens.input_ids,
                attention_mask=tokens.attention_mask,
                pixel_values=pixels.to(self._device, self._network.dtype),
                max_new_tokens=LONGEST_ANSWER,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        answers = said[:, tokens.input_ids.shape[1] :]
        return [" ".join(self._tokenizer.decode(answer, skip_special_tokens=True).split()) for answer in answers]

    def _conversation(self, question: str) -> str:
        """ChatML, as InternVL was taught it; the picture stands where its placeholders are, one each 28 × 28 points."""
        config = self._network.config
        placeholder = self._tokenizer.convert_ids_to_tokens(config.image_token_id)
        picture = f"<img>{placeholder * config.image_seq_length}</img>"
        return f"<|im_start|>user\n{picture}\n{question}<|im_end|>\n<|im_start|>assistant\n"


LENGTH_TOLERANCE = 1e-3
NOTICEABLE_LEAD = 0.02  # a choice of ours: what a verdict in words turns on; the figures are told beside it


@dataclass(frozen=True)
class Grounding:
    """Similarities of captions with their own pictures and with the others', −1…1."""

    own: Vector  # [P]
    others: Vector  # [P]
    found: float  # share of captions to which no other picture is nearer

    @property
    def lead(self) -> float:
        """By how much the own picture is nearer, in the mean: near 0 the captions are off screen."""
        return float((self.own - self.others).mean())

    @property
    def is_grounded(self) -> bool:
        """Whether captions speak of their own pictures more than of others."""
        return self.lead > NOTICEABLE_LEAD


def grounding(pictures: Rows, captions: Rows) -> Grounding:
    """From embeddings of pictures and of their captions in one space, [P, D] each, P at least 2."""
    if pictures.shape != captions.shape or len(pictures) < 2:
        raise ValueError(f"a caption for each of at least two pictures, got {pictures.shape} and {captions.shape}")
    alike = captions.astype(np.float64) @ pictures.T  # [caption, picture]
    own = np.diag(alike)
    others = (alike.sum(axis=1) - own) / (len(alike) - 1)
    return Grounding(own, others, float((own >= alike.max(axis=1)).mean()))


@dataclass(frozen=True)
class Consistency:
    """What embeddings [P, D] are like: all of length 1, or zeros where nothing is said."""

    width: int
    rows: int
    empty: int
    shortest: float  # length of those that are not empty; 1 where all are
    longest: float

    @property
    def is_unit(self) -> bool:
        """Whether the scaling is the one that every encoder of ours has."""
        return max(abs(self.shortest - 1), abs(self.longest - 1)) <= LENGTH_TOLERANCE


def consistency(rows: Rows) -> Consistency:
    """Of embeddings [P, D]."""
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    said = lengths[lengths > 0]
    empty = len(lengths) - len(said)
    return Consistency(rows.shape[1], len(rows), empty, float(said.min(initial=1)), float(said.max(initial=1)))
