"""inspect, stems, score, models: look at a film, take it apart, judge a result, see what is installed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limelight.cli.console import console
from limelight.cli.context import command_context, print_utf8, progress_bar
from limelight.cli.options import (
    AsJson,
    AudioStream,
    CaptionsFile,
    ContextModel,
    ContextName,
    Device,
    Force,
    Offline,
    Quiet,
    SeparatorName,
    Source,
    StemFiles,
    TextModel,
    TracksWish,
    Verbose,
    check_one_film,
    context_request,
    known_tracks,
)
from limelight.errors import UsageError

if TYPE_CHECKING:
    from limelight.vision.encoder import ContextRequest


WORDED = ("captions", "words")
CheckCaptions = Annotated[
    Path | None, typer.Option(help="Check captions, and write them beside their pictures here.", metavar="PAGE.html")
]
ClipForCheck = Annotated[
    str | None, typer.Option(help="For the check: CLIP by name or folder; default the one on the disk, if any.")
]
ModelForCheck = Annotated[str | None, typer.Option(help="For the check: a model trained on captions; does it listen?")]


def inspect(
    source: Source,
    context: Annotated[ContextName | None, typer.Option(help="Who says it; default cues.")] = None,
    context_model: ContextModel = None,
    text_model: TextModel = None,
    captions: CaptionsFile = None,
    device: Device = None,
    check_captions: CheckCaptions = None,
    clip: ClipForCheck = None,
    model: ModelForCheck = None,
    force: Force = False,
    as_json: Annotated[bool, typer.Option("--json", help="Shots and the cues of every second, as JSON.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """What the picture says: shots, and the six cues of each in words and numbers."""
    with command_context(verbose=verbose):
        told = context or (ContextName.captions if check_captions or captions else ContextName.cues)
        wish = context_request(told, context_model, text_model, captions, device, offline)
        from limelight import api
        from limelight.cli.summary import inspection_json, inspection_text
        from limelight.vision.encoder import encoder_of

        check_one_film(source)
        if check_captions:
            _check_captions(source, check_captions, wish, clip=clip, model=model, force=force, as_json=as_json)
            return
        if clip or model:
            raise UsageError("--clip and --model are for --check-captions; leave them out, or name its page")
        eyes = encoder_of(told.value, wish)
        with progress_bar(quiet=quiet) as bar:
            cues = api.inspect_video(source, encoder=eyes.encoder, picture_height=eyes.picture_height, progress=bar)
        if as_json:
            print_utf8(json.dumps(inspection_json(cues), indent=1))
        else:
            typer.echo(inspection_text(cues))


def _check_captions(
    source: Path, page: Path, wish: ContextRequest, *, clip: str | None, model: str | None, force: bool, as_json: bool
) -> None:
    """The page's path (or the figures) on stdout, what was found on stderr."""
    from limelight.media.target import check_place, whole_or_absent
    from limelight.metrics.caption_check import check, findings
    from limelight.metrics.caption_page import captions_page, gather, sentences, teller_of
    from limelight.vision.encoder import encoder_of

    if wish.name not in WORDED:
        raise UsageError(f"captions are checked with --context {' or '.join(WORDED)}, not {wish.name}")
    check_place(source, page, overwrite=force)
    height = encoder_of(wish.name, wish).picture_height
    checked = check(source, teller_of(wish.name, wish), gather(wish, clip=clip, model=model), picture_height=height)
    with whole_or_absent(page) as temporary:
        temporary.write_text(captions_page(checked), encoding="utf-8")
    typer.echo(json.dumps(findings(checked) | {"page": str(page)}, indent=1) if as_json else str(page))
    if not as_json:
        for term, said in sentences(checked).items():
            console.print(f"{term.lower()}: {said}", markup=False)


def stems(
    source: Source,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the three files.")],
    force: Force = False,
    audio_stream: AudioStream = None,
    tracks: TracksWish = None,
    stem: StemFiles = None,
    separator: SeparatorName = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """speech.wav, music.wav and effects.wav, which sum to the original; of known tracks, to these."""
    with command_context(verbose=verbose):
        from limelight import api
        from limelight.models.registry import load_separator

        check_one_film(source)
        known = known_tracks(source, tracks, stem, quiet=quiet, separator=separator, audio_stream=audio_stream)
        with progress_bar(quiet=quiet) as bar:
            written = api.separate_video(
                source,
                output,
                separator=load_separator(separator, offline=offline) if separator else None,
                audio_stream=audio_stream,
                tracks=known,
                overwrite=force,
                progress=bar,
            )
        for path in written:
            typer.echo(str(path))


def score(
    output: Annotated[Path, typer.Argument(help="A result, film or sound.", metavar="OUTPUT")],
    target: Annotated[Path, typer.Option(help="The well mixed truth.")],
    before: Annotated[Path | None, typer.Option("--input", help="What the result was made from.")] = None,
    stems: Annotated[
        Path | None, typer.Option(help="A folder with the truth's speech, music and effects: more is known then.")
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """How far a result is from the truth: every metric that needs no network, × 100 where the papers do; docs/judge.md."""
    with command_context(verbose=verbose):
        from limelight.metrics.score import for_json, in_words, score_files, score_table

        scores = score_files(output, target, mixture=before, stems=stems)
        first = score_files(before, target, mixture=before, stems=stems) if before else None
        if as_json:
            typer.echo(json.dumps(for_json(scores) | ({"input": for_json(first)} if first else {}), indent=1))
        else:
            typer.echo(score_table(scores, first))
            if first:
                typer.echo(f"\n{in_words(scores, first)}")


def models(as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """What is installed and what can be trained: size, context, licence, where the weights are; the devices."""
    with command_context(verbose=verbose):
        from limelight.cli.summary import models_text
        from limelight.models.registry import list_models

        listed = list_models()
        typer.echo(json.dumps([asdict(one) for one in listed], indent=1) if as_json else models_text(listed))


def styles(
    name: Annotated[str | None, typer.Argument(help="One of them, as the file that it is.", metavar="NAME")] = None,
) -> None:
    """The styles: what each aims at. With a name its TOML file, to be copied and changed: styles vlog > mine.toml."""
    with command_context():
        from limelight.models.directors.style import load_style, style_names, style_text

        if name is not None:
            print_utf8(style_text(name).rstrip())
            return
        for known in style_names():
            print_utf8(f"{known:12} {load_style(known).about}")


def loudness() -> None:
    """The loudness targets by name: what each asks for, who says so, and when that was looked up."""
    with command_context():
        from limelight.mixing.controls import LOUDNESS_TARGETS

        for name, target in LOUDNESS_TARGETS.items():
            kind = "dialogue-gated" if target.dialogue_gated else "integrated"
            peak = f"true peak ≤ {target.true_peak_dbtp:g} dBTP".replace("-", "−")
            print_utf8(
                f"{name:8} {f'{target.lufs:g}'.replace('-', '−')} LUFS {kind} ± {target.tolerance_lu:g} LU, {peak} "
                f"({target.source}; {target.as_of})"
            )
