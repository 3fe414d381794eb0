"""The command line. Logs and progress on stderr, results on stdout; heavy things are imported when they are needed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from limelight.cli.batch import batch
from limelight.cli.context import fail, own_process
from limelight.cli.doctor import doctor
from limelight.cli.evaluate import evaluate
from limelight.cli.hand_over import export, import_
from limelight.cli.highlight import highlight, plan, render
from limelight.cli.inspect import inspect, loudness, models, score, stems, styles
from limelight.cli.mcp_server import mcp
from limelight.cli.muddy import muddy
from limelight.cli.options import ONE_AT_A_TIME
from limelight.cli.serve import serve
from limelight.cli.study import study
from limelight.cli.train import ablate, contexts, reproduce, train
from limelight.errors import UsageError

app = typer.Typer(
    name="limelight",
    help="Watches a video and rebalances its soundtrack, so that what the picture is about is what you hear. "
    "`limelight FILM` does it.",
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
CREATE, RESEARCH = "For films", "For research"
GROUPS: dict[str, tuple[Callable[..., None], ...]] = {
    CREATE: (
        highlight,
        batch,
        plan,
        render,
        export,
        import_,
        inspect,
        stems,
        styles,
        loudness,
        models,
        serve,
        doctor,
        mcp,
    ),
    RESEARCH: (score, evaluate, train, contexts, ablate, reproduce),
}
for group, commands in GROUPS.items():
    for command in commands:
        app.command(name=command.__name__, rich_help_panel=group)(command)
app.add_typer(muddy, rich_help_panel=RESEARCH)
app.add_typer(study, name="study", rich_help_panel=RESEARCH)
ONE_FILM = ("highlight", "plan", "inspect", "stems")
NAMES = (*(command.__name__ for commands in GROUPS.values() for command in commands), "muddy", "study")
ROOT_OPTIONS = ("--version", "--help", "-h", "--install-completion", "--show-completion")
_NotUnderstood: type[Exception] = typer.BadParameter.__mro__[
    2
]  # ClickException, which typer has from click or of its own
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)")


def main() -> None:
    """`limelight FILM` is `limelight highlight FILM`, with options before it or behind."""
    own_process()
    sys.argv[1:] = with_command(sys.argv[1:])
    try:
        left = get_command(app)(standalone_mode=False)
    except _NotUnderstood as error:
        _explain(error)
    raise SystemExit(left or 0)


def with_command(words: list[str]) -> list[str]:
    """The command line with its command, which may be left out."""
    if words[:1] == ["help"]:
        return [*words[1:], "--help"]
    if not words:
        return ["--help"]
    if words[0] in (*NAMES, *ROOT_OPTIONS):
        return words
    meant = get_close_matches(words[0], NAMES, n=1, cutoff=0.75)
    if meant and not Path(words[0]).suffix and not Path(words[0]).exists():
        refuse(f"no command {words[0]!r}, and no such film; did you mean `limelight {meant[0]}`?")
    return ["batch" if _are_several(words) else "highlight", *words]


def _are_several(words: list[str]) -> bool:
    """Whether what stands before the first option is more than one film: some names, or a folder."""
    names = list(takewhile(lambda word: not word.startswith("-"), words))
    return len(names) > 1 or any(Path(name).is_dir() for name in names)


def _explain(error: Exception) -> NoReturn:
    """One line for a command line that cannot be understood."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "info_name", None)
    said = getattr(error, "format_message", lambda: str(error))().strip()
    if not said:  # a group without its command: its help is printed already
        raise SystemExit(UsageError.exit_code)
    extra = _EXTRA.match(said)
    if extra and set(sys.argv[2:]) & set(NAMES):
        refuse(f"the command stands first, its options behind it: limelight {(set(sys.argv[2:]) & set(NAMES)).pop()} …")
    if extra and command in ONE_FILM:
        refuse(f"too many names ({extra[1]}): {ONE_AT_A_TIME}")
    refuse(f"{said.rstrip('.')}; see `limelight {command} -h`" if command in NAMES else f"{said}; see `limelight -h`")


def refuse(message: str) -> NoReturn:
    """E_USAGE, and out."""
    fail(UsageError.code, message, UsageError.exit_code)


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
