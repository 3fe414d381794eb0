"""The options that several commands share, and what they mean together."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from limelight.errors import InputError, UsageError

if TYPE_CHECKING:
    from limelight.media.formats import NewTrack
    from limelight.mixing.controls import Controls
    from limelight.mixing.plan import MixPlan
    from limelight.models.directors.style import Style
    from limelight.models.separators.tracks import Tracks
    from limelight.vision.encoder import ContextRequest

ONE_AT_A_TIME = "this command takes one film; many are done by: limelight batch FILMS… -o DIR"


class ContextName(StrEnum):
    """What a model is told about the picture."""

    none = "none"  # nothing
    cues = "cues"  # what is measured
    clip = "clip"  # a frame a second by CLIP
    captions = "captions"  # a vision-language model's answers, or a file of captions, as text embeddings
    words = "words"  # what is measured, in words, as text embeddings


class TrackName(StrEnum):
    """One of two soundtracks."""

    original = "original"
    mix = "mix"


Source = Annotated[Path, typer.Argument(help="A film or a sound file.", metavar="FILM")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace the target if it exists.")]
Strength = Annotated[float, typer.Option(help="How far to go: 0 is the original, 1 what the model proposes.")]
Speech = Annotated[float, typer.Option(help="Move speech by so many dB more.")]
Music = Annotated[float, typer.Option(help="Move music by so many dB more.")]
Effects = Annotated[float, typer.Option(help="Move effects by so many dB more.")]
Loudness = Annotated[
    str | None,
    typer.Option(
        help="keep | youtube | podcast | ebu | atsc | netflix | … | a number in LUFS; see `limelight loudness`. "
        "Default the style's, or keep.",
        metavar="TARGET",
    ),
]
TruePeak = Annotated[
    float | None, typer.Option(help="Ceiling in dBTP; default the target's, or −1 where anything is changed.")
]
StyleName = Annotated[
    str | None, typer.Option("--style", help="What kind of film it is; see `limelight styles`. Or your own FILE.toml.")
]
TracksWish = Annotated[
    str | None,
    typer.Option(
        "--tracks",
        help="Soundtracks that are the stems: auto, or 0=speech,1=effects,2=music (also titles, 0+3=speech, keep, drop).",
        metavar="ROLES",
    ),
]
StemFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--stem",
        help="A file beside the film that is a stem: speech=voice.wav, music=bed.flac@1.5 (begins at 1.5 s).",
        metavar="STEM=FILE",
    ),
]
KeepTracks = Annotated[bool, typer.Option("--keep-tracks", help="With --tracks: keep the originals behind the mix.")]
AddTrack = Annotated[
    bool, typer.Option("--add-track", help="Keep the original soundtrack and add the new one behind it.")
]
DefaultTrack = Annotated[
    TrackName, typer.Option("--default-track", help="With --add-track: which soundtrack players choose.")
]
AudioCodec = Annotated[
    str | None,
    typer.Option(
        "--audio-codec",
        help="aac, opus, mp3, flac, alac or pcm; default lossless where the source is, else the container's.",
    ),
]
AudioBitrate = Annotated[
    str | None, typer.Option("--audio-bitrate", help="As 256k; default by the source.", metavar="RATE")
]
AudioStream = Annotated[int | None, typer.Option(help="Which soundtrack, counted from 0; default the film's own.")]
SeparatorName = Annotated[
    str | None,
    typer.Option(
        "--separator",
        help="Who takes the sound apart: lite, deepfilter, bandit, demucs, stems:DIR, command:'…', FILE.py; docs/models.md.",
    ),
]
DirectorName = Annotated[
    str | None,
    typer.Option("--director", help="Who decides on the gains: speech-first, cautious, bold, or your FILE.py."),
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", help="A model that remixes in one step, in place of both: .onnx or a checkpoint."),
]
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
Ray = Annotated[
    str | None,
    typer.Option("--ray", help="A Ray cluster in place of this machine: auto, or HOST:PORT.", metavar="ADDRESS"),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="More on stderr.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Where to, a file or a folder; default NAME.highlighted.EXT beside the film.",
        metavar="PATH",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network: weights from the disk alone.")]


@dataclass(frozen=True)
class MixOptions:
    """What every command that makes a mix is told of it: `highlight`, `plan`, `batch`."""

    strength: Strength = 1.0
    speech: Speech = 0.0
    music: Music = 0.0
    effects: Effects = 0.0
    loudness: Loudness = None
    true_peak: TruePeak = None
    style: StyleName = None
    audio_stream: AudioStream = None
    tracks: TracksWish = None
    separator: SeparatorName = None
    director: DirectorName = None
    context: Context = None

    def controls(self) -> Controls:
        """As one checked record. Raises UsageError for what is out of range."""
        from limelight.mixing.controls import KEEP, Controls

        loudness = KEEP if self.loudness is None else self.loudness
        return Controls(self.strength, self.speech, self.music, self.effects, loudness, self.true_peak)

    def styled(self) -> Style | None:
        """The style, which --loudness keep asks not to set the loudness. Raises StyleError."""
        from limelight.mixing.controls import style_wished

        return style_wished(self.style, self.loudness)


@dataclass(frozen=True)
class TrackOptions:
    """How the new soundtrack joins the film: `highlight`, `render`, `batch`."""

    keep_tracks: KeepTracks = False
    add_track: AddTrack = False
    default_track: DefaultTrack = TrackName.original
    audio_codec: AudioCodec = None
    audio_bitrate: AudioBitrate = None

    def new_track(self, tracks: Tracks | None, style: Style | None = None) -> NewTrack:
        """As one checked record. Raises UsageError for flags that have no use together."""
        from limelight.mixing.controls import new_track_wished

        return new_track_wished(
            add_track=self.add_track,
            default_track=self.default_track.value,
            keep_tracks=self.keep_tracks,
            tracks_known=tracks is not None,
            codec=self.audio_codec,
            bit_rate=self.audio_bitrate,
            style=style.name if style else None,
        )


@dataclass(frozen=True)
class ModelOptions:
    """A model that remixes in one step, and what describes the picture to it: `highlight`, `batch`."""

    model: ModelName = None
    context_model: ContextModel = None
    text_model: TextModel = None
    device: Device = None


def with_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameters may be groups: each field of MixOptions, say, becomes an option of its own.

    It is called with options, and calls the command with the groups made of them.
    """
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            hints = get_type_hints(parameter.annotation, include_extras=True)
            parameters += (
                parameter.replace(name=one.name, annotation=hints[one.name], default=one.default)
                for one in fields(parameter.annotation)
            )
        else:
            parameters.append(parameter)
    signature = inspect.Signature(parameters)

    @wraps(command)
    def flat(*words: Any, **options: Any) -> None:
        told = signature.bind(*words, **options)
        told.apply_defaults()
        given = told.arguments
        made = {
            name: group(**{one.name: given.pop(one.name) for one in fields(group)}) for name, group in groups.items()
        }
        command(**given, **made)

    flat.__signature__ = signature  # type: ignore[attr-defined]
    flat.__annotations__ = {one.name: one.annotation for one in parameters}
    return flat


def known_tracks(
    source: Path,
    tracks: str | None,
    stems: list[str] | None,
    *,
    quiet: bool,
    separator: str | None = None,
    model: str | None = None,
    audio_stream: int | None = None,
) -> Tracks | None:
    """The parts of the mix, where they are told; what each is goes to stderr. Raises UsageError, TracksUnclear, InputError."""
    if tracks is None and not stems:
        return None
    if separator or model or audio_stream is not None:
        raise UsageError(
            "--tracks and --stem need nothing separated; leave --separator, --model and --audio-stream out"
        )
    from limelight.cli.console import console
    from limelight.media.probe import probe
    from limelight.mixing.track_roles import find_tracks
    from limelight.report.words import plain

    found = find_tracks(probe(source), tracks=tracks, stems=stems or ())
    for line in () if quiet else found.reasons:
        console.print(plain(line), markup=False)
    return found


def planned_tracks(plan: MixPlan, film: Path, separator: str | None) -> Tracks | None:
    """The parts of a planned mix, where the plan has any. Raises UsageError, PlanError, InputError."""
    from limelight.media.probe import probe
    from limelight.mixing.job import tracks_of

    if plan.source.tracks is None:
        return None
    if separator:
        raise UsageError("the plan was made of known tracks, and nothing is separated; leave --separator out")
    return tracks_of(plan.source, probe(film))


def context_request(
    context: ContextName | None,
    context_model: str | None,
    text_model: str | None,
    captions: Path | None,
    device: str | None,
    offline: bool,
) -> ContextRequest:
    """The flags as one checked record. Raises UsageError for flags that have no use together."""
    from limelight.vision.encoder import ContextRequest

    name = None if context is None else context.value
    return ContextRequest(name, context_model, text_model, captions, device=device, offline=offline)


def check_one_film(source: Path) -> None:
    """Raises InputError for a folder, and for a pattern that the shell has left as it was."""
    if source.is_dir():
        raise InputError(f"cannot open {source}: it is a folder; {ONE_AT_A_TIME}")
    if set(source.name) & set("*?[") and not source.exists():
        raise InputError(f"cannot open {source}: there is no such file; {ONE_AT_A_TIME}")
