"""Which encoder a model's context is made with, by name, with its weights, and the height of its frames.

A model is told what it was trained on, or nothing: numbers of another kind would be noise to it. Encoders with weights
are imported, and their weights loaded, when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from limelight.errors import ModelError, UsageError
from limelight.types import Cues, Picture
from limelight.vision.cues import KINDS
from limelight.vision.encoder import ContextChoice, ContextSource, Encoder, NoPicture, PictureStatistics

if TYPE_CHECKING:
    from limelight.vision.pretrained.captioned import CaptionedPictures, CaptionsByHand, CuesInWords
    from limelight.vision.pretrained.encoders import TextEncoder

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
    """An encoder that is made when it is asked, and gone when it has answered: its weights are not kept for what follows."""

    make: Callable[[], Encoder]

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        return self.make().encode(pictures, duration_seconds=duration_seconds)


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder, and how high it wants its pictures."""

    encoder: Encoder
    picture_height: int = PICTURE_HEIGHT  # lines


def encoder_for(
    name: str, trained: str, request: ContextRequest, *, width: int = 0, source: ContextSource | None = None
) -> EncoderChoice:
    """The encoder of what a model was trained to be told, or of nothing where that is wished.

    name: of the model; trained: its context; width: of its rows; source: how its captions were asked for, and by which
    networks. Raises ModelError for another context.
    """
    wished = request.name or trained
    if wished not in ("none", trained):
        raise ModelError(
            f"Wanted to tell {name} the context {wished!r}, it was trained on {trained!r}; leave --context out, or say "
            "--context none."
        )
    request = replace(request, name=wished)  # flags that have no use for it are told
    return encoder_of(wished, request.completed(source) if source else request, width=width)


def encoder_of(name: str, wish: ContextRequest, *, width: int = 0) -> EncoderChoice:
    """The encoder of a context; `width`: of what it is to give, where that is known.

    What cannot be loaded is told when it is asked: ModelError for weights, InputError for captions.
    """
    if name == "none":
        return EncoderChoice(NoPicture())
    if name == "cues":
        return EncoderChoice(PictureStatistics())
    if name == "clip":
        return EncoderChoice(LazyEncoder(partial(_clip, wish)), CLIP_HEIGHT)
    asked = name == "captions" and wish.captions is None
    return EncoderChoice(
        LazyEncoder(partial(_worded, name, wish, width)), CAPTIONER_HEIGHT if asked else PICTURE_HEIGHT
    )


def text_of(wish: ContextRequest, *, width: int = 0) -> TextEncoder:
    """The text encoder that was wished for, or the one of a width. Raises ModelError."""
    from limelight.vision.pretrained.encoders import text_encoder

    return text_encoder(text_name(wish, width=width), device=wish.device, offline=wish.offline)


def text_name(wish: ContextRequest, *, width: int = 0) -> str:
    """Of the text encoder that was wished for, or of the one of a width; the papers' where none has it."""
    from limelight.vision.pretrained.encoders import T5_XXL, WIDTHS

    return wish.text_model or WIDTHS.get(width, T5_XXL)


def _clip(wish: ContextRequest) -> Encoder:
    from limelight.vision.pretrained.encoders import CLIP, ClipFrames

    return ClipFrames(wish.model or CLIP, device=wish.device, offline=wish.offline)


def _worded(name: str, wish: ContextRequest, width: int) -> Encoder:
    return worded(name, wish, partial(text_of, wish, width=width))


def worded(
    name: str, wish: ContextRequest, text: Callable[[], TextEncoder]
) -> CaptionedPictures | CaptionsByHand | CuesInWords:
    """Who tells a film in words: "words", or "captions" by hand or by a model; `text` is loaded last.

    Raises ModelError, InputError.
    """
    from limelight.vision.pretrained.captioned import CaptionedPictures, CaptionsByHand, CuesInWords
    from limelight.vision.pretrained.captions import INTERNVL_8B, InternVl, Style, read_captions

    if name == "words":
        return CuesInWords(text())
    if wish.captions is not None:
        return CaptionsByHand(read_captions(wish.captions), text(), kinds=wish.choice.asked if wish.choice else KINDS)
    captioner = InternVl(wish.model or INTERNVL_8B, device=wish.device, offline=wish.offline)
    choice = wish.choice or ContextChoice("captions")
    return CaptionedPictures(captioner, text(), kinds=choice.asked, style=Style(choice.prompts))
