"""What help says of each command is true, and can be typed as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from limelight.cli.main import CREATE, NAMES, RESEARCH, app

ROOT = get_command(app)
HEAVY = ("av", "jinja2", "numpy", "onnxruntime", "pydantic", "rich.console")
NAMED = re.compile(r"`([^`]+)`")


def _with_parts(name: str, command: Any) -> list[tuple[str, Any]]:
    parts = getattr(command, "commands", {})
    return [(name, command), *(each for part in parts for each in _with_parts(f"{name} {part}", parts[part]))]


COMMANDS = dict(each for name in NAMES for each in _with_parts(name, ROOT.get_command(None, name)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_flag_asks_for_no_value(name: str) -> None:
    said = CliRunner().invoke(app, [*name.split(), "--help"])
    assert said.exit_code == 0
    assert "bool" not in said.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_that_help_names_are_there(name: str) -> None:
    command = COMMANDS[name]
    texts = [command.help, *(getattr(option, "help", None) for option in command.params)]
    for said in (words for text in texts for words in NAMED.findall(text or "")):
        words = said.removeprefix("limelight ").split()
        if words[0] in NAMES and len(words) > 1 and hasattr(COMMANDS[words[0]], "commands"):
            assert " ".join(words[:2]) in COMMANDS, said
        elif said.startswith("limelight ") and words[0].islower():
            assert words[0] in NAMES, said


def test_the_list_of_commands_says_of_each_what_the_command_says_of_itself() -> None:
    for name, (_, about) in (CREATE | RESEARCH).items():
        assert " ".join(COMMANDS[name].help.split()).startswith(about.rstrip(".")), name
        assert COMMANDS[name].get_short_help_str() == about


def test_the_list_of_commands_starts_without_heavy_packages() -> None:
    code = (
        "import sys; from limelight.cli.main import main; sys.argv = ['limelight', '--help']\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stderr.strip() == "[]"
