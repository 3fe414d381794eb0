"""The options that several commands share, and what they mean together."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from limelight.cues.encoder import Encoder
    from limelight.mixing.controls import Controls


class ContextName(StrEnum):
    """What looks at the picture."""

    none = "none"
    cues = "cues"


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
ModelName = Annotated[str, typer.Option(help="A model by name, or its folder.")]
Context = Annotated[ContextName, typer.Option(help="What looks at the picture.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="More on stderr; tracebacks for bugs.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default NAME.highlighted.EXT.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network. (Nothing here does.)")]


def wishes(strength: float, speech: float, music: float, effects: float, loudness: str, true_peak: float) -> Controls:
    """The flags as one checked record. Raises ValueError for what is out of range."""
    from limelight.mixing.controls import Controls

    return Controls(strength, speech, music, effects, loudness, true_peak)


def eyes(context: str) -> Encoder:
    """The encoder of a name."""
    from limelight.cues.encoder import NoPicture, PictureStatistics

    return NoPicture() if context == ContextName.none else PictureStatistics()
