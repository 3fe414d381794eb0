"""inspect, stems, score, models: look at a film, take it apart, judge a result, see what is installed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from limelight.app.door import door, progress_bar
from limelight.app.options import (
    AsJson,
    AudioStream,
    CaptionsFile,
    ContextModel,
    ContextName,
    Device,
    Force,
    Offline,
    Quiet,
    Source,
    StemModelName,
    TextModel,
    Verbose,
    context_wish,
)


def inspect(
    source: Source,
    context: Annotated[ContextName, typer.Option(help="Who says it.")] = ContextName.cues,
    context_model: ContextModel = None,
    text_model: TextModel = None,
    captions: CaptionsFile = None,
    device: Device = None,
    as_json: Annotated[bool, typer.Option("--json", help="Shots and the cues of every second, as JSON.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """What the picture says: shots, and the six cues of each in words and numbers."""
    with door(verbose=verbose):
        wish = context_wish(context, context_model, text_model, captions, device, offline)
        from limelight.app import pipeline
        from limelight.app.contexts import eyes_of
        from limelight.app.inspection import inspection_json, inspection_text

        eyes = eyes_of(context.value, wish)
        with progress_bar(quiet=quiet) as bar:
            cues = pipeline.inspect_video(
                source, encoder=eyes.encoder, picture_height=eyes.picture_height, progress=bar
            )
        typer.echo(json.dumps(inspection_json(cues), indent=1) if as_json else inspection_text(cues))


def stems(
    source: Source,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the three files.")],
    force: Force = False,
    audio_stream: AudioStream = None,
    model: StemModelName = "lite",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """speech.wav, music.wav and effects.wav, which sum to the original."""
    with door(verbose=verbose):
        from limelight.app import pipeline
        from limelight.app.loading import load

        with progress_bar(quiet=quiet) as bar:
            written = pipeline.separate_video(
                source,
                output,
                model=load(model),
                audio_stream=audio_stream,
                overwrite=force,
                progress=bar,
            )
        for path in written:
            typer.echo(str(path))


def score(
    output: Annotated[Path, typer.Argument(help="A result, film or sound.", metavar="OUTPUT")],
    target: Annotated[Path, typer.Option(help="The well mixed truth.")],
    before: Annotated[Path | None, typer.Option("--input", help="What the result was made from.")] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """How far a result is from the truth: the papers' metrics that need no network (× 100), raw and level-matched."""
    with door(verbose=verbose):
        from limelight.app.score import score_files, score_table

        scores = score_files(output, target)
        first = score_files(before, target) if before else None
        if as_json:
            typer.echo(json.dumps(scores | ({"input": first} if first else {}), indent=1))
        else:
            typer.echo(score_table(scores, first))


def models(as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """What is installed and what can be trained: size, context, licence, where the weights are."""
    with door(verbose=verbose):
        from limelight.app.models_table import models_text
        from limelight.runtime.listing import list_models

        listed = list_models()
        typer.echo(json.dumps([asdict(one) for one in listed], indent=1) if as_json else models_text(listed))
