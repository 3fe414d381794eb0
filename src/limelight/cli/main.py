"""The command line. Logs and progress on stderr, results on stdout; heavy things are imported when they are needed."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from limelight.cli.context import fail, own_process
from limelight.errors import UsageError

SETTINGS: dict[str, Any] = {
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
# Command → the module that holds it, and what `limelight -h` says of it (a test compares that with its own first words).
CREATE = {
    "highlight": ("highlight", "Watch, listen, rebalance, write. The picture is copied, bit for bit."),
    "batch": ("batch", "Many films: resumable, each for itself."),
    "plan": ("highlight", "The mix plan alone: a gain curve per stem, a reason per shot."),
    "render": ("highlight", "Render a plan, edited or not: no picture is looked at, nothing is decided."),
    "export": ("hand_over", "Hand a plan over to an editor: stems and a timeline with keyframes."),
    "import": ("hand_over", "Read moved keyframes back into a plan, for `limelight render`."),
    "inspect": ("inspect", "What the picture says: shots, and the six cues of each in words and numbers."),
    "stems": ("inspect", "speech.wav, music.wav and effects.wav, which sum to the original."),
    "styles": ("inspect", "The styles: what each aims at."),
    "loudness": ("inspect", "The loudness targets by name."),
    "models": ("inspect", "What is installed and what can be trained."),
    "serve": ("serve", "A page to hear, see and edit what is done to a film, and to render it."),
    "doctor": ("doctor", "Versions, devices, models, disk, extras: what is there, what is missing, what to do."),
    "mcp": (
        "mcp_server",
        "A server for agents (Model Context Protocol, on stdin and stdout), bounded to the named folders.",
    ),
}
RESEARCH = {
    "score": ("inspect", "How far a result is from the truth."),
    "evaluate": ("evaluate", "Measure models on clips whose truth is known, beside controls and oracles."),
    "train": ("train", "Train a separator on drawn scenes, or a remixing network on a built data set."),
    "contexts": ("papers", "Put what a pretrained encoder says of each clip beside it."),
    "ablate": ("papers", "Train and evaluate the papers' variants of context, depth and question."),
    "reproduce": ("papers", "Evaluate the published checkpoint on the published data, beside the paper's figures."),
    "muddy": ("muddy", "Badly mixed training data out of well mixed films."),
    "study": ("study", "A listening study: a page that people take, and what their answers say."),
}
NAMES = (*CREATE, *RESEARCH)


class Commands(TyperGroup):
    """All commands, each imported when it is named: help does not wait for them."""

    def list_commands(self, _context: Any) -> list[str]:
        return list(NAMES)

    def get_command(self, context: Any, name: str) -> Any:
        if name not in self.commands and name in NAMES:
            self.commands[name] = _imported(name)
        return super().get_command(context, name)

    def format_commands(self, _context: Any, formatter: Any) -> None:
        for title, commands in (("For films", CREATE), ("For research", RESEARCH)):
            with formatter.section(title):
                formatter.write_dl([(name, about) for name, (_, about) in commands.items()])


def _imported(name: str) -> Any:
    module, about = (CREATE | RESEARCH)[name]
    found = getattr(import_module(f"limelight.cli.{module}"), "import_" if name == "import" else name)
    if isinstance(found, typer.Typer):
        command = get_command(found)
        command.name = name
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich", **SETTINGS)
        alone.command(name)(found)
        command = get_command(alone)
    command.short_help = about
    _flags_take_no_value(command)
    return command


def _flags_take_no_value(command: Any) -> None:
    """Help shows an option's type behind its name; behind a flag, that would ask for a value."""
    for option in command.get_params(typer.Context(command, **command.context_settings)):
        if getattr(option, "is_flag", False):
            option.metavar = ""
    for part in getattr(command, "commands", {}).values():
        _flags_take_no_value(part)


app = typer.Typer(
    name="limelight",
    cls=Commands,
    help="Watches a video and rebalances its soundtrack, so that what the picture is about is what you hear. "
    "`limelight FILM` does it.",
    rich_markup_mode=None,  # rich help takes longer to import than to read; commands have it
    **SETTINGS,
)
ONE_FILM = ("highlight", "plan", "inspect", "stems")
ROOT_OPTIONS = ("--version", "--help", "-h", "--install-completion", "--show-completion")
_NotUnderstood: type[Exception] = typer.BadParameter.__mro__[2]  # ClickException: typer's own, or click's
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
        from limelight.cli.options import ONE_AT_A_TIME

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
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="The versions of Limelight and of what it is built on."
        ),
    ] = False,
) -> None:
    """Watches a video and rebalances its soundtrack."""
