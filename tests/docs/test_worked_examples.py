"""The worked example of a cue in CONTRIBUTING, made in a copy of the code: its test passes, and those that were there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs.blocks import ROOT, Block, blocks_of

from limelight.vision.cues import CUE_NAMES

BLOCKS = blocks_of(ROOT / "CONTRIBUTING.md")
COPIED = ("src/limelight", "tests/vision")
TESTS = ("test_redness.py", "test_catalogue.py", "test_light.py", "test_summary.py")


def applied(change: Block, text: str) -> str:
    """The text after the change. Raises ValueError where its lines stand nowhere, or more than once."""
    for part in change.text.split("@@\n"):
        lines = part.splitlines()
        before = "\n".join(line[1:] for line in lines if line[0] in " -")
        after = "\n".join(line[1:] for line in lines if line[0] in " +")
        if text.count(before) != 1:
            raise ValueError(
                f"{change.where}: these lines stand {text.count(before)} times in {change.title}:\n{before}"
            )
        text = text.replace(before, after)
    return text


@pytest.mark.slow
def test_the_cue(tmp_path: Path) -> None:
    assert "redness" not in CUE_NAMES
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    for block in BLOCKS:
        if block.language == "diff":
            file = tmp_path / block.title
            file.write_text(applied(block, file.read_text(encoding="utf-8")), encoding="utf-8")
        elif block.title.startswith("tests/"):
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    paths = os.pathsep.join(str(tmp_path / name) for name in ("src", "tests"))
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    ran = subprocess.run(
        [*words, *(f"tests/vision/{name}" for name in TESTS)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_change_that_fits_nowhere_is_told() -> None:
    change = next(block for block in BLOCKS if block.language == "diff")
    with pytest.raises(ValueError, match="stand 0 times"):
        applied(change, "nothing of it")
