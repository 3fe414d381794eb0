"""Every command and every Python block of README and docs runs as printed, in order within its page."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from docs.blocks import ROOT, blocks_of, is_plain, pages, words_of
from docs.world import furnish
from media_corpus.command_server import CommandServer
from typer.main import get_command

from limelight.cli.main import app, with_command
from limelight.metrics import registry

LANGUAGES = {"sh", "python", "json", "csv", "text", "diff", "toml", "yaml", "xml"}
ALL = [block for page in pages() for block in blocks_of(page)]
TITLES = {block.title for block in ALL}  # files that the pages write
LAUNCHERS = {"limelight", "uvx", "python", "accelerate", "pipx"}
# Programs of others that the docs name.
OTHERS = {"apt", "cd", "claude", "docker", "for", "git", "mkdocs", "pip", "pipx", "pre-commit", "ray", "uv"}
ROOT_COMMAND = get_command(app)
_NOT_UNDERSTOOD = (typer.BadParameter.__mro__[2], SystemExit)  # ClickException; and what `with_command` refuses
COMMANDS = [(block, command) for block in ALL if block.language == "sh" for command in block.commands]


def _runs(slow: bool) -> list[Path]:
    """Pages with something to run: the fast ones have no block that is marked slow."""
    run = [block for block in ALL if block.language in ("sh", "python") and not block.mark.startswith("only")]
    marked = {block.page for block in run if block.mark == "slow"}
    return sorted({block.page for block in run if (block.page in marked) == slow})


def test_every_block_says_what_it_is() -> None:
    assert [block.where for block in ALL if block.language not in LANGUAGES] == []


def test_the_programs_and_options_of_every_command_exist() -> None:
    faults = [f"{block.where}: {command}: {fault}" for block, command in COMMANDS if (fault := _fault(command))]
    assert faults == []


def test_python_compiles_and_its_imports_exist() -> None:
    for block in (block for block in ALL if block.language == "python"):
        for node in ast.walk(ast.parse(block.text, block.where)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("limelight"):
                module = importlib.import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == [], block.where


def test_json_is_json() -> None:
    """Whole, or a value a line."""
    for block in (block for block in ALL if block.language == "json"):
        lines = block.text.splitlines() if block.text.startswith("{") and "}\n{" in block.text else [block.text]
        assert all(json.loads(line) for line in lines), block.where


@pytest.mark.parametrize("page", _runs(slow=False), ids=lambda page: page.name)
def test_a_page_runs(page: Path, server: CommandServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run_page(page, server, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("page", _runs(slow=True), ids=lambda page: page.name)
def test_a_long_page_runs(page: Path, server: CommandServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run_page(page, server, tmp_path, monkeypatch)


def _run_page(page: Path, server: CommandServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(registry, "BY_NAME", dict(registry.BY_NAME))  # a page's metric is the page's alone
    blocks = [block for block in blocks_of(page) if not block.mark.startswith("only")]
    furnish(folder, "\n".join(block.text for block in blocks))
    names: dict[str, Any] = {}
    for block in blocks:
        if block.language == "diff":
            continue
        if block.title:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.text, block.where, "exec"), names)
        elif block.language == "sh":
            for command in block.commands:
                _run(command, server, folder, block.where)


def _run(command: str, server: CommandServer, folder: Path, where: str) -> None:
    """In the server that has Limelight loaded where it is a command of ours, else in a shell."""
    words = words_of(command)
    if words[0] == "limelight" and is_plain(command):
        outcome = server.run(*words[1:], folder=folder)
        assert outcome.exit_code == 0, f"{where}: {command}\n{outcome.stdout}\n{outcome.stderr}"
        return
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT), str(ROOT / "tests")])
    programs = os.pathsep.join([str(_bin(folder)), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PYTHONPATH": paths, "PATH": programs}
    ran = subprocess.run(["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, f"{where}: {command}\n{ran.stdout}\n{ran.stderr}"


def _bin(folder: Path) -> Path:
    """A `limelight` that is the one under test."""
    programs = folder.parent / f"{folder.name}-bin"
    programs.mkdir(exist_ok=True)
    program = programs / "limelight"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m limelight "$@"\n')
    program.chmod(0o755)
    return programs


def _parts(words: list[str]) -> Iterator[list[str]]:
    """The commands of a line with && or |; of a loop, its body."""
    part: list[str] = []
    for word in words:
        if word in ("&&", "||", "|", ";", "do", "done", "&"):
            yield from [part] if part else []
            part = []
        else:
            part.append(word.rstrip(";"))
    yield from [part] if part else []


def _fault(command: str) -> str:
    """What is wrong with a command; nothing where its programs and options exist."""
    try:
        for part in _parts(words_of(command)):
            _check(part)
    except (AssertionError, ValueError, *_NOT_UNDERSTOOD) as error:
        return str(error) or type(error).__name__
    return ""


def _check(words: list[str]) -> None:
    while "=" in words[0]:  # a variable that is set for the command
        words = words[1:]
    words = [words[0].removeprefix(".venv/bin/"), *words[1:]]  # where `make` puts it
    if "limelight" in words and words[0] in LAUNCHERS:
        _check_options(words[words.index("limelight") + 1 :])
    elif words[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(words[2]), f"no module {words[2]}"
    elif words[0] == "python" or "/" in words[0]:
        program = words[words[0] == "python"]
        assert program in TITLES or (ROOT / program).is_file(), "no such file"
    elif words[0] == "make":
        targets = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(f"\n{word}:" in targets for word in words[1:] if "=" not in word), "no such target"
    else:
        assert words[0] in OTHERS, f"{words[0]} is not known to this test"


def _check_options(words: list[str]) -> None:
    """What the parser of the command says."""
    command: Any = ROOT_COMMAND
    words = with_command(words)
    while hasattr(command, "commands"):
        if not words or words[0].startswith("-"):
            return
        found = command.get_command(None, words[0])
        assert found, f"no command {words[0]}"
        command, words = found, words[1:]
    command.make_parser(command.context_class(command, info_name="limelight")).parse_args(words)
