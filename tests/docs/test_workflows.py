"""The workflows, which cannot run here, name what there is: targets of make, extras, files and folders."""

from __future__ import annotations

import re
import tomllib

from docs.blocks import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)


def test_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"run: make ([\w-]+)", TEXT))
    assert targets >= {"check", "docs", "test-batch", "test-browser"}
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_extras_are_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {extra for group in re.findall(r'-e "\.\[([\w,]+)\]"', TEXT) for extra in group.split(",")}
    assert named >= {"dev", "train"}
    assert named <= set(extras)


def test_files_and_folders_are_there() -> None:
    named = set(re.findall(r"\b((?:tests|examples)/[\w./]+)", TEXT))
    assert named >= {"tests/audio", "examples/demo.mp4"}
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_versions_of_python_are_those_of_the_package() -> None:
    told = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    tried = re.search(r"python: \[(.+)\]", TEXT)
    assert tried
    assert re.findall(r'"(3\.\d+)"', tried[1]) == re.findall(r"Python :: (3\.\d+)", told)
