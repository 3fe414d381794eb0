"""What an encoder of pictures is, and which context a network wants.

What a network is told of the picture: which context, how the questions were put, and what it was made with.

    none       nothing; the network is built without a context encoder
    cues       the measured cues, a row a second
    clip       a frame a second by CLIP
    captions   a vision-language model's answers, through a text encoder
    words      the measured cues in words, through a text encoder

Captions are asked for in three ways. `general` is VisAH's: one caption a second, of the whole frame. `focused` and `minimal`
are SemMix's: one of six cues, of the key frames of every shot. A network that was trained on one of them is told the same on a
film, so all of this travels in checkpoints and cards.

Pictures in, cues out: what every way of watching a film is like, and the measured cues.

pictures → summary.observe_frames (one pass, constant memory) → cuts → shots
                                                              → numbers a second [T, D] and words a shot

Which encoder a model's context is made with, by name, with its weights, and the height of its frames.

A model is told what it was trained on, or nothing: numbers of another kind would be noise to it. Encoders with weights
are imported, and their weights loaded, when they are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError, ModelError, UsageError
from limelight.types import Cues, Picture, Shot, Vector
from limelight.vision.cues import CUE_NAMES, KINDS, NO_PICTURE, describe, scale_all
from limelight.vision.shots import Evidence, find_cuts
from limelight.vision.summary import (
    FrameObservations,
    Stretches,
    cues_of_pictures,
    evenly,
    observe_frames,
    strongest_impacts,
    summarise,
)

if TYPE_CHECKING:
    from limelight.vision.pretrained.captioned import CaptionedPictures, CaptionsByHand, CuesInWords
    from limelight.vision.pretrained.encoders import TextEncoder


Rows = NDArray[np.float32]  # [T, D]
CONTEXTS = ("none", "cues", "clip", "captions", "words")
GENERAL = "general"
PROMPTS = ("minimal", "focused", GENERAL)
MANY, ONE = "many", "one"


@dataclass(frozen=True)
class ContextChoice:
    """Which context, and how much of it."""

    name: str = "none"
    prompts: str = "focused"  # of captions: how the questions are put
    cue: str = "camera focus"  # of captions that are not general: which of the six is asked for
    frames: str = MANY  # a row a second, or "one": the middle one of a passage

    def __post_init__(self) -> None:
        choices = {"name": CONTEXTS, "prompts": PROMPTS, "cue": KINDS, "frames": (MANY, ONE)}
        for option, known in choices.items():
            if getattr(self, option) not in known:
                raise InputError(
                    f"Wanted {getattr(self, option)!r} for the context's {option}; there are {', '.join(known)}."
                )

    @property
    def asked(self) -> tuple[str, ...]:
        """The kinds of words that captions hold."""
        return (GENERAL,) if self.prompts == GENERAL else (self.cue,)

    @property
    def file(self) -> str:
        """The file of a clip's rows, wherever they are made, trained on or evaluated."""
        if self.name == "cues":
            return "cues.npy"
        if self.name == "captions":
            asked = "" if self.prompts == GENERAL else f"-{self.cue.replace(' ', '-')}"
            return f"context-captions-{self.prompts}{asked}.npy"
        return f"context-{self.name}.npy"

    def seen(self, rows: Rows, start_seconds: int, seconds: int) -> Rows:
        """The rows of a passage [M, D] out of a clip's [T, D]; zeros beyond its end."""
        part = rows[start_seconds : start_seconds + seconds]
        part = np.pad(part, ((0, seconds - len(part)), (0, 0)))
        return part[seconds // 2 : seconds // 2 + 1] if self.frames == ONE else part


@dataclass(frozen=True)
class ContextSource:
    """A context and the networks that it was made with, by name; "" where there are none, or nobody knows."""

    choice: ContextChoice = field(default_factory=ContextChoice)
    model: str = ""  # CLIP, or a vision-language model
    text_model: str = ""


class Encoder(Protocol):
    """A way to say what the picture says."""

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Watch pictures, in time order, of a film that lasts `duration_seconds`; T = ceil(duration_seconds)."""
        ...


class PictureStatistics:
    """Classical vision: light, colour, sharpness, motion, cuts and faces, measured about 8 times a second."""

    def __init__(self, *, sampled: bool = False) -> None:
        """`sampled`: pictures may be left out (`watch`); else what is not shown anew is a picture that is held."""
        self.sampled = sampled

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Watch the pictures (RGB, upright, about 180 lines) once, in constant memory."""
        seen = observe_frames(pictures)
        if len(seen.moments) == 0 or duration_seconds <= 0:
            return without_picture(duration_seconds)
        cuts = find_cuts(evidence_of(seen))
        cuts = cuts[seen.moments["time_seconds"][cuts] < duration_seconds]
        cut_seconds = seen.moments["time_seconds"][cuts]
        columns = cues_of_pictures(seen, cuts)
        if self.sampled:
            columns = evenly(columns, cut_seconds, duration_seconds)
        seconds = Stretches(np.arange(math.ceil(duration_seconds) + 1, dtype=np.float64))
        shots = Stretches(np.concatenate([[0.0], cut_seconds, [duration_seconds]]))
        values = scale_all(summarise(columns, seconds, cut_seconds))
        values[_before(seconds, seen)] = 0.0
        return Cues(CUE_NAMES, values, _shots(shots, columns, cut_seconds))


class NoPicture:
    """Does not look: what is said of a film without a picture, for any film."""

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Rows of zeros and one shot; the pictures are not even asked for."""
        return without_picture(duration_seconds)


def without_picture(duration_seconds: float) -> Cues:
    """The cues of sound alone: zeros [T, D] and one shot without a picture."""
    if duration_seconds < 0 or not math.isfinite(duration_seconds):
        raise ValueError(f"a duration must be finite and not negative, got {duration_seconds}")
    values = np.zeros((math.ceil(duration_seconds), len(CUE_NAMES)), np.float32)
    shots = (Shot(0.0, duration_seconds, NO_PICTURE),) if duration_seconds > 0 else ()
    return Cues(CUE_NAMES, values, shots)


def evidence_of(seen: FrameObservations) -> Evidence:
    def column(name: str) -> Vector:
        return np.asarray(seen.moments[name], np.float64)

    changes = np.stack([column(f"change_{k}") for k in (1, 2, 3, 4)], axis=1)
    return Evidence(
        column("time_seconds"), changes, column("match"), column("key"), column("contrast"), column("dissolve")
    )


def _before(seconds: Stretches, seen: FrameObservations) -> NDArray[np.bool_]:
    """Seconds that are over before the first picture is shown."""
    return np.asarray(seconds.edges_seconds[1:] <= seen.moments["time_seconds"][0])


def _shots(stretches: Stretches, columns: dict[str, Vector], cut_seconds: Vector) -> tuple[Shot, ...]:
    edges = stretches.edges_seconds.tolist()
    raw = summarise(columns, stretches, cut_seconds).tolist()
    impacts = strongest_impacts(columns, stretches).tolist()
    return tuple(
        Shot(
            start,
            end,
            describe(dict(zip(CUE_NAMES, row, strict=True)), duration_seconds=end - start, impact_seconds=impact),
        )
        for start, end, row, impact in zip(edges[:-1], edges[1:], raw, impacts, strict=True)
    )


PICTURE_HEIGHT = 180  # lines; encoders with weights want more
CLIP_HEIGHT, CAPTIONER_HEIGHT = 224, 448  # lines, of what the networks are shown
WITH_A_MODEL, WITH_A_TEXT = ("clip", "captions"), ("captions", "words")


@dataclass(frozen=True)
class ContextRequest:
    """What the user asked for; None is whatever suits the model."""

    name: str | None = None  # of `options.ContextName`
    model: str | None = None  # CLIP or InternVL, by name or folder
    text_model: str | None = None  # T5, by name or folder
    captions: Path | None = None  # a file, in place of a vision-language model
    device: str | None = None
    offline: bool = False
    choice: ContextChoice | None = None  # how captions are asked for
    keep: bool = False  # the networks, for the next film that this process is given

    def completed(self, source: ContextSource) -> ContextRequest:
        """The same, and what was not said as a model was trained."""
        return replace(
            self,
            model=self.model or (source.model if self.name in WITH_A_MODEL else "") or None,
            text_model=self.text_model or (source.text_model if self.name in WITH_A_TEXT else "") or None,
            choice=self.choice or source.choice,
        )

    def __post_init__(self) -> None:
        if self.name is None:
            return
        for flag, value, names in (
            ("context-model", self.model, WITH_A_MODEL),
            ("text-model", self.text_model, WITH_A_TEXT),
            ("captions", self.captions, ("captions",)),
        ):
            if value is not None and self.name not in names:
                raise UsageError(f"--{flag} is for --context {' or '.join(names)}, not for {self.name}; leave it out")


@dataclass(frozen=True)
class LazyEncoder:
    """An encoder that is made when it is asked, and gone when it has answered: its weights are kept for other films alone."""

    make: Callable[[], Encoder]

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        return self.make().encode(pictures, duration_seconds=duration_seconds)


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder, and how high it wants its pictures."""

    encoder: Encoder
    picture_height: int = PICTURE_HEIGHT  # lines


def encoder_for(
    name: str,
    trained: str,
    request: ContextRequest,
    *,
    width: int = 0,
    source: ContextSource | None = None,
    sampled: bool = False,
) -> EncoderChoice:
    """The encoder of what a model was trained to be told, or of nothing where that is wished.

    name: of the model; trained: its context; width: of its rows; source: how its captions were asked for, and by which
    networks; sampled: whether measured cues of few pictures will do. Raises ModelError for another context.
    """
    wished = request.name or trained
    if wished not in ("none", trained):
        raise ModelError(
            f"Wanted to tell {name} the context {wished!r}, it was trained on {trained!r}; leave --context out, or say "
            "--context none."
        )
    request = replace(request, name=wished)  # flags that have no use for it are told
    return encoder_of(wished, request.completed(source) if source else request, width=width, sampled=sampled)


def encoder_of(name: str, wish: ContextRequest, *, width: int = 0, sampled: bool = False) -> EncoderChoice:
    """The encoder of a context; `width`: of what it is to give, where that is known; `sampled`: few pictures will do.

    What cannot be loaded is told when it is asked: ModelError for weights, InputError for captions.
    """
    if name == "none":
        return EncoderChoice(NoPicture())
    if name == "cues":
        return EncoderChoice(PictureStatistics(sampled=sampled))
    if name == "clip":
        return EncoderChoice(LazyEncoder(partial(_clip, wish)), CLIP_HEIGHT)
    asked = name == "captions" and wish.captions is None
    return EncoderChoice(
        LazyEncoder(partial(_worded, name, wish, width)), CAPTIONER_HEIGHT if asked else PICTURE_HEIGHT
    )


def text_of(wish: ContextRequest, *, width: int = 0) -> TextEncoder:
    """The text encoder that was wished for, or the one of a width. Raises ModelError."""
    from limelight.vision.pretrained.encoders import text_encoder

    found: TextEncoder = _loaded(wish, text_encoder, text_name(wish, width=width))
    return found


def text_name(wish: ContextRequest, *, width: int = 0) -> str:
    """Of the text encoder that was wished for, or of the one of a width; the papers' where none has it."""
    from limelight.vision.pretrained.encoders import T5_XXL, WIDTHS

    return wish.text_model or WIDTHS.get(width, T5_XXL)


def _clip(wish: ContextRequest) -> Encoder:
    from limelight.vision.pretrained.encoders import CLIP, ClipFrames

    found: Encoder = _loaded(wish, ClipFrames, wish.model or CLIP)
    return found


def _worded(name: str, wish: ContextRequest, width: int) -> Encoder:
    return worded(name, wish, partial(text_of, wish, width=width))


def worded(
    name: str, wish: ContextRequest, text: Callable[[], TextEncoder]
) -> CaptionedPictures | CaptionsByHand | CuesInWords:
    """Who tells a film in words: "words", or "captions" by hand or by a model; `text` is loaded last.

    Raises ModelError, InputError.
    """
    from limelight.vision.pretrained.captioned import CaptionedPictures, CaptionsByHand, CuesInWords
    from limelight.vision.pretrained.captions import INTERNVL_8B, InternVl, PromptStyle, read_captions

    if name == "words":
        return CuesInWords(text())
    if wish.captions is not None:
        return CaptionsByHand(read_captions(wish.captions), text(), kinds=wish.choice.asked if wish.choice else KINDS)
    captioner = _loaded(wish, InternVl, wish.model or INTERNVL_8B)
    choice = wish.choice or ContextChoice("captions")
    return CaptionedPictures(captioner, text(), kinds=choice.asked, style=PromptStyle(choice.prompts))


def _loaded(wish: ContextRequest, kind: Callable[..., Any], name: str) -> Any:
    """A network of a kind, by name; kept where that is wished. Raises ModelError."""
    if wish.keep:
        return _kept(kind, name, wish.device, wish.offline)
    return kind(name, device=wish.device, offline=wish.offline)


@lru_cache(maxsize=2)  # who asks, and who reads the answers
def _kept(kind: Callable[..., Any], name: str, device: str | None, offline: bool) -> Any:
    return kind(name, device=device, offline=offline)
