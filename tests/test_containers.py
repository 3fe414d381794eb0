"""Dockerfile and compose.yaml name what there is: files, extras, stages, commands and their options. Nothing is built here."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from typer.main import get_command

from limelight.cli.main import NAMES, app

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def stages() -> dict[str, list[str]]:
    """Name of a stage → its lines."""
    found: dict[str, list[str]] = {}
    for line in DOCKERFILE.splitlines():
        begins = re.fullmatch(r"FROM \S+ AS (\S+)", line)
        if begins:
            found[begins[1]] = []
        elif found and line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


def test_files_and_extras_are_there() -> None:
    for line in (line for lines in stages().values() for line in lines):
        if line.startswith("COPY ") and "--from" not in line:
            assert all((ROOT / name).exists() for name in line.split()[1:-1]), line
        for wanted in re.findall(r'"\.\[(.+?)\]"', line):
            assert set(wanted.split(",")) <= set(EXTRAS), line
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not {"src", "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "NOTICE.md"} & set(ignored)


def test_stages_are_those_that_are_named() -> None:
    known = stages()
    asked = re.findall(r"--from=(\S+)", DOCKERFILE) + re.findall(r"--target (\S+)", DOCKERFILE)
    asked += re.findall(r"target: (\w+)", COMPOSE) + re.findall(r"^FROM (\w+) AS", DOCKERFILE, re.MULTILINE)
    assert set(asked) <= set(known)


def test_commands_have_the_options_that_they_are_given() -> None:
    """Those of limelight; Ray's are tried by the tests of a cluster."""
    given = [json.loads(line.removeprefix("CMD ")) for lines in stages().values() for line in lines if "CMD " in line]
    given += [line.split("limelight ")[1].split() for line in COMPOSE.splitlines() if "exec head limelight " in line]
    group = get_command(app)
    commands = [words for words in given if words[0] in NAMES]
    assert len(commands) == 2
    for name, *words in commands:
        known = {option for one in group.get_command(None, name).params for option in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= known, name
