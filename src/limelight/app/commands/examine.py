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
    Context,
    ContextName,
    Force,
    ModelName,
    Quiet,
    Source,
    Verbose,
    eyes,
)


def inspect(
    source: Source,
    context: Context = ContextName.cues,
    as_json: Annotated[bool, typer.Option("--json", help="Shots and the cues of every second, as JSON.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """What the picture says: shots, and the six cues of each in words and numbers."""
    with door(verbose=verbose):
        encoder = eyes(context)
        from limelight.app import pipeline
        from limelight.app.inspection import inspection_json, inspection_text

        with progress_bar(quiet=quiet) as bar:
            cues = pipeline.inspect_video(source, encoder=encoder, progress=bar)
        typer.echo(json.dumps(inspection_json(cues), indent=1) if as_json else inspection_text(cues))


def stems(
    source: Source,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the three files.")],
    force: Force = False,
    audio_stream: AudioStream = None,
    model: ModelName = "lite",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """speech.wav, music.wav and effects.wav, which sum to the original."""
    with door(verbose=verbose):
        from limelight.app import pipeline
        from limelight.runtime.registry import load_model

        with progress_bar(quiet=quiet) as bar:
            written = pipeline.separate_video(
                source,
                output,
                model=load_model(model),
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
    stems: Annotated[
        Path | None, typer.Option(help="A folder with the truth's speech, music and effects: more is known then.")
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """How far a result is from the truth: every metric that needs no network, × 100 where the papers do; docs/judge.md."""
    with door(verbose=verbose):
        from limelight.app.score import for_json, score_files, score_table

        scores = score_files(output, target, stems=stems)
        first = score_files(before, target, stems=stems) if before else None
        if as_json:
            typer.echo(json.dumps(for_json(scores) | ({"input": for_json(first)} if first else {}), indent=1))
        else:
            typer.echo(score_table(scores, first))


def models(as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """What is installed and what can be trained: size, context, licence, where the weights are."""
    with door(verbose=verbose):
        from limelight.app.models_table import models_text
        from limelight.runtime.listing import list_models

        listed = list_models()
        typer.echo(json.dumps([asdict(one) for one in listed], indent=1) if as_json else models_text(listed))
