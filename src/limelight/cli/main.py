"""The command line. Logs and progress on stderr, results on stdout; heavy things are imported when they are needed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from limelight.cli.evaluate import evaluate
from limelight.cli.highlight import highlight, plan, render
from limelight.cli.inspect import inspect, models, score, stems
from limelight.cli.muddy import muddy
from limelight.cli.train import ablate, contexts, export, train
from research.scenes.commands import headroom, join, scenes

app = typer.Typer(
    name="limelight",
    help="Watches a video and rebalances its soundtrack, so that what the picture is about is what you hear.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (highlight, plan, render, inspect, stems, score, evaluate, models, train, contexts, export, ablate)
for command in COMMANDS:
    app.command(name=command.__name__)(command)
muddy.command()(scenes)
muddy.command()(join)
muddy.command()(headroom)
app.add_typer(muddy)
NAMES = (*(command.__name__ for command in COMMANDS), "muddy")


def main() -> None:
    """`limelight VIDEO` is `limelight highlight VIDEO`."""
    words = sys.argv[1:]
    if words and not words[0].startswith("-") and words[0] not in NAMES:
        sys.argv.insert(1, "highlight")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from limelight.cli.summary import versions

        typer.echo(versions())
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Versions of all that matters.")
    ] = False,
) -> None:
    """Watches a video and rebalances its soundtrack."""
