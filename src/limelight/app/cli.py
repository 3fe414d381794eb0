"""The command line. Logs and progress on stderr, results on stdout; heavy things are imported when they are needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from limelight.app.door import console, door, progress_bar
from limelight.app.options import (
    AudioStream,
    Context,
    ContextName,
    Effects,
    Force,
    Loudness,
    ModelName,
    Music,
    Offline,
    Quiet,
    Source,
    Speech,
    Strength,
    TruePeak,
    Verbose,
    eyes,
    wishes,
)

app = typer.Typer(
    name="limelight",
    help="Watches a video and rebalances its soundtrack, so that what the picture is about is what you hear.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default NAME.highlighted.EXT.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")]


def main() -> None:
    """`limelight VIDEO` is `limelight highlight VIDEO`."""
    words = sys.argv[1:]
    names = {command.name or "" for command in app.registered_commands}
    if words and not words[0].startswith("-") and words[0] not in names:
        sys.argv.insert(1, "highlight")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from limelight.app.versions import versions

        typer.echo(versions())
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Versions of all that matters.")
    ] = False,
) -> None:
    """Watches a video and rebalances its soundtrack."""


@app.command(name="highlight")
def highlight(
    source: Source,
    output: Output = None,
    force: Force = False,
    strength: Strength = 1.0,
    speech: Speech = 0.0,
    music: Music = 0.0,
    effects: Effects = 0.0,
    loudness: Loudness = "keep",
    true_peak: TruePeak = -1.0,
    audio_stream: AudioStream = None,
    model: ModelName = "lite",
    context: Context = ContextName.cues,
    report: Annotated[bool, typer.Option("--report", help="Write an HTML page beside the result.")] = False,
    plan_out: Annotated[Path | None, typer.Option("--plan", help="Also write the mix plan here.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """Look, listen, rebalance, write. The picture is copied, bit for bit."""
    with door(verbose=verbose):
        controls = wishes(strength, speech, music, effects, loudness, true_peak)
        encoder = eyes(context)
        from limelight.app import pipeline
        from limelight.app.summary import as_json as facts
        from limelight.app.summary import summary
        from limelight.mixing.plan import plan_text
        from limelight.runtime.registry import load_model

        with progress_bar(quiet=quiet) as bar:
            result = pipeline.highlight_video(
                source,
                output,
                model=load_model(model),
                encoder=encoder,
                controls=controls,
                audio_stream=audio_stream,
                overwrite=force,
                progress=bar,
            )
        if plan_out:
            _write_text(source, plan_out, plan_text(result.plan), force)
        page = result.dest.with_suffix(".html") if report else None
        if page:
            from limelight.app.report.write import write_report

            write_report(result, page)
        if as_json:
            typer.echo(json.dumps(facts(result) | {"report": str(page) if page else None}, indent=1))
        elif not quiet:
            console.print(summary(result))
        if not as_json:
            typer.echo(str(result.dest))


@app.command(name="plan")
def plan(
    source: Source,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default stdout.")] = None,
    force: Force = False,
    strength: Strength = 1.0,
    speech: Speech = 0.0,
    music: Music = 0.0,
    effects: Effects = 0.0,
    loudness: Loudness = "keep",
    true_peak: TruePeak = -1.0,
    audio_stream: AudioStream = None,
    model: ModelName = "lite",
    context: Context = ContextName.cues,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
) -> None:
    """The mix plan alone: a gain curve per stem, a reason per shot. Edit it, then `limelight render`."""
    with door(verbose=verbose):
        controls = wishes(strength, speech, music, effects, loudness, true_peak)
        encoder = eyes(context)
        from limelight.app import pipeline
        from limelight.media.target import check_place
        from limelight.mixing.plan import plan_text
        from limelight.runtime.registry import load_model

        if output:
            check_place(source, output, overwrite=force)
        with progress_bar(quiet=quiet) as bar:
            made = pipeline.plan_video(
                source,
                model=load_model(model),
                encoder=encoder,
                controls=controls,
                audio_stream=audio_stream,
                progress=bar,
            )
        if output:
            _write_text(source, output, plan_text(made), force)
        else:
            typer.echo(plan_text(made))


@app.command(name="render")
def render(
    source: Source,
    plan_file: Annotated[Path, typer.Argument(help="A plan made by `limelight plan`.", metavar="PLAN")],
    output: Output = None,
    force: Force = False,
    true_peak: Annotated[float | None, typer.Option(help="Another ceiling than the plan's, dBTP.")] = None,
    model: Annotated[str | None, typer.Option(help="Another model than the plan's.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Render a plan, edited or not: no picture is looked at, nothing is decided."""
    with door(verbose=verbose):
        from limelight.app import pipeline
        from limelight.app.summary import as_json as facts
        from limelight.app.summary import summary
        from limelight.mixing.plan import read_plan
        from limelight.runtime.registry import load_model

        made = read_plan(plan_file)
        with progress_bar(quiet=quiet) as bar:
            result = pipeline.render_video(
                source,
                made,
                output,
                model=load_model(model) if model else None,
                true_peak_dbtp=true_peak,
                overwrite=force,
                progress=bar,
            )
        if as_json:
            typer.echo(json.dumps(facts(result), indent=1))
        else:
            if not quiet:
                console.print(summary(result))
            typer.echo(str(result.dest))


@app.command(name="inspect")
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


@app.command(name="stems")
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


@app.command(name="score")
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


@app.command(name="models")
def models(as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """What is installed, what it was trained on, its licence."""
    with door(verbose=verbose):
        from limelight.runtime.registry import installed

        cards = installed()
        if as_json:
            typer.echo(json.dumps([_card_facts(card) for card in cards], indent=1))
            return
        for card in cards:
            picture = "sound and picture" if card.uses_picture else "sound (the picture is not used yet)"
            typer.echo(f"{card.name}: {card.parameters / 1e6:.2f} M parameters, {card.sample_rate} Hz, {picture}")
            typer.echo(f"  licence: {card.licence}\n  trained on: {card.training_data}\n  needs: nothing, it is here")


def _card_facts(card: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(card)


def _write_text(source: Path, target: Path, text: str, force: bool) -> None:
    """Beside, then renamed."""
    from limelight.media.target import check_place, whole_or_absent

    check_place(source, target, overwrite=force)
    with whole_or_absent(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
