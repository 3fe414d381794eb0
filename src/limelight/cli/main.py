"""The command line. Logs and progress on stderr, results on stdout; heavy things are imported when they are needed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from limelight.cli.evaluate import evaluate
from limelight.cli.highlight import highlight, plan, render
from limelight.cli.inspect import inspect, models, score, stems
from limelight.cli.muddy import muddy
from limelight.cli.train import ablate, contexts, export, reproduce, train

app = typer.Typer(
    name="limelight",
    help="Watches a video and rebalances its soundtrack, so that what the picture is about is what you hear. "
    "`limelight FILM` does it.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
CREATE, RESEARCH = "For films", "For research"
GROUPS: dict[str, tuple[Callable[..., None], ...]] = {
    CREATE: (highlight, plan, render, inspect, stems, models),
    RESEARCH: (score, evaluate, train, contexts, export, ablate, reproduce),
}
for group, commands in GROUPS.items():
    for command in commands:
        app.command(name=command.__name__, rich_help_panel=group)(command)
app.add_typer(muddy, rich_help_panel=RESEARCH)
NAMES = (*(command.__name__ for commands in GROUPS.values() for command in commands), "muddy")
ROOT_OPTIONS = ("--version", "--help", "-h", "--install-completion", "--show-completion")


def main() -> None:
    """`limelight VIDEO` is `limelight highlight VIDEO`, with options before it or behind."""
    sys.argv[1:] = with_command(sys.argv[1:])
    app()


def with_command(words: list[str]) -> list[str]:
    """The command line with its command, which may be left out."""
    if words[:1] == ["help"]:
        return [*words[1:], "--help"]
    if not words or words[0] in (*NAMES, *ROOT_OPTIONS):
        return words
    meant = get_close_matches(words[0], NAMES, n=1, cutoff=0.75)
    if meant and not Path(words[0]).suffix and not Path(words[0]).exists():
        sys.stderr.write(f"E_USAGE: no command {words[0]!r}, and no such film; did you mean `limelight {meant[0]}`?\n")
        raise SystemExit(2)
    return ["highlight", *words]


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
