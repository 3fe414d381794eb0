"""The options that several commands share, and what they mean together.

Which eyes a model is given: the encoder of a context by name, with its weights, and the height of its pictures.

A model is told what it was trained on, or nothing: numbers of another kind would be noise to it. Encoders with weights
are imported, and their weights loaded, when they are asked for.

A model for a command: by name, as a folder, as an `.onnx` file, or, where torch is installed, as a checkpoint.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from limelight.mixing.controls import Controls
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from limelight.errors import ModelError, UsageError
from limelight.mixing.job import PICTURE_HEIGHT
from limelight.models.remixer import RemixModel
from limelight.types import Cues, Picture
from limelight.vision.encoder import Encoder, NoPicture, PictureStatistics

if TYPE_CHECKING:
    from limelight.models.separator import Model
    from limelight.vision.pretrained.captions import CaptionedPictures, CaptionsByHand, CuesInWords
    from limelight.vision.pretrained.text import TextEncoder
from limelight.models.registry import load_model

if TYPE_CHECKING:
    from limelight.models.remixer import RemixModel
    from limelight.models.separator import Model


class ContextName(StrEnum):
    """What a model is told about the picture."""

    none = "none"  # nothing
    cues = "cues"  # what is measured
    clip = "clip"  # a frame a second by CLIP
    captions = "captions"  # a vision-language model's answers, or a file of captions, as text embeddings
    words = "words"  # what is measured, in words, as text embeddings


Source = Annotated[Path, typer.Argument(help="A film or a sound file.", metavar="IN")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace the target if it exists.")]
Strength = Annotated[float, typer.Option(help="How far to go: 0 is the original, 1 what the model proposes.")]
Speech = Annotated[float, typer.Option(help="Move speech by so many dB more.")]
Music = Annotated[float, typer.Option(help="Move music by so many dB more.")]
Effects = Annotated[float, typer.Option(help="Move effects by so many dB more.")]
Loudness = Annotated[
    str, typer.Option(help="keep | youtube | podcast | ebu | atsc | netflix | a number in LUFS.", metavar="TARGET")
]
TruePeak = Annotated[float, typer.Option(help="Ceiling in dBTP.")]
AudioStream = Annotated[int | None, typer.Option(help="Which soundtrack, counted from 0; default the film's own.")]
ModelName = Annotated[str, typer.Option(help="A model by name, its folder, an .onnx file, or a checkpoint.")]
StemModelName = Annotated[str, typer.Option("--model", help="A model with stems, by name or folder.")]
Context = Annotated[
    ContextName | None, typer.Option(help="What the model is told about the picture; default what it was trained on.")
]
ContextModel = Annotated[
    str | None, typer.Option(help="CLIP, or for captions InternVL, by its name on the hub or a folder.")
]
TextModel = Annotated[
    str | None, typer.Option(help="For captions and words: a T5, or hashed; default by the model's width.")
]
CaptionsFile = Annotated[
    Path | None, typer.Option("--captions", help="Captions made earlier or by hand, for --context captions.")
]
Device = Annotated[str | None, typer.Option(help="Where pretrained encoders and checkpoints run: cpu, cuda, …")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="More on stderr.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default NAME.highlighted.EXT.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network: weights from the disk alone.")]


def controls_from_flags(
    strength: float, speech: float, music: float, effects: float, loudness: str, true_peak: float
) -> Controls:
    """The flags as one checked record. Raises UsageError for what is out of range."""
    from limelight.mixing.controls import Controls

    return Controls(strength, speech, music, effects, loudness, true_peak)


def context_request(
    context: ContextName | None,
    context_model: str | None,
    text_model: str | None,
    captions: Path | None,
    device: str | None,
    offline: bool,
) -> ContextRequest:
    """The flags as one checked record. Raises UsageError for flags that have no use together."""

    name = None if context is None else context.value
    return ContextRequest(name, context_model, text_model, captions, device=device, offline=offline)


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


def encoder_for(model: Model | RemixModel, wish: ContextRequest) -> EncoderChoice:
    """What a model was trained to be told, or nothing where that is wished. Raises ModelError for another context."""
    trained, width = (model.card.context, model.card.context_width) if isinstance(model, RemixModel) else ("cues", 0)
    name = wish.name or trained
    if name not in ("none", trained):
        raise ModelError(
            f"Wanted to tell {model.card.name} the context {name!r}, it was trained on {trained!r}; leave --context out, or "
            "say --context none."
        )
    return encoder_of(name, replace(wish, name=name), width=width)  # flags that have no use for it are told


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
    from limelight.vision.pretrained.text import text_encoder

    return text_encoder(text_name(wish, width=width), device=wish.device, offline=wish.offline)


def text_name(wish: ContextRequest, *, width: int = 0) -> str:
    """Of the text encoder that was wished for, or of the one of a width; the papers' where none has it."""
    from limelight.vision.pretrained.text import T5_XXL, WIDTHS

    return wish.text_model or WIDTHS.get(width, T5_XXL)


def _clip(wish: ContextRequest) -> Encoder:
    from limelight.vision.pretrained.clip import CLIP, ClipFrames

    return ClipFrames(wish.model or CLIP, device=wish.device, offline=wish.offline)


def _worded(name: str, wish: ContextRequest, width: int) -> Encoder:
    return worded(name, wish, partial(text_of, wish, width=width))


def worded(
    name: str, wish: ContextRequest, text: Callable[[], TextEncoder]
) -> CaptionedPictures | CaptionsByHand | CuesInWords:
    """Who tells a film in words: "words", or "captions" by hand or by a model; `text` is loaded last.

    Raises ModelError, InputError.
    """
    from limelight.vision.pretrained.captioner import INTERNVL_8B, InternVl
    from limelight.vision.pretrained.captions import CaptionedPictures, CaptionsByHand, CuesInWords, read_captions

    if name == "words":
        return CuesInWords(text())
    if wish.captions is not None:
        return CaptionsByHand(read_captions(wish.captions), text())
    captioner = InternVl(wish.model or INTERNVL_8B, device=wish.device, offline=wish.offline)
    return CaptionedPictures(captioner, text())


CHECKPOINT = ".safetensors"


def load(name_or_path: str | Path, *, device: str | None = None) -> Model | RemixModel:
    """Either kind of model; `device` is for checkpoints alone. Raises ModelError."""
    path = Path(name_or_path)
    if path.suffix != CHECKPOINT:
        return load_model(name_or_path)
    try:
        from limelight.training.torch_remix import load_torch_remix
    except ImportError as error:
        raise ModelError(
            f"Wanted to run the checkpoint {path}, found no {error.name}; pip install 'limelight-audio[train]', or "
            "export it to ONNX where that is installed."
        ) from error
    return load_torch_remix(path, device=device)
