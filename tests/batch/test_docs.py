"""docs/many-films.md, followed: every option that it names is one, its list is taken, its program runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from batch.invented_films import make_films, make_sound

from limelight.batch.batches import FilmStatus
from limelight.batch.inputs import Inputs
from limelight.batch.settings import FilmSettings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "many-films.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """What stands between fences of a language."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [text for its, text in fenced if its == language]


def commands() -> list[list[str]]:
    """Those of limelight, without what is said of them."""
    lines = [line.partition(" #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line.split() for line in lines if line.startswith("limelight ")]


def test_every_option_that_is_named_is_one() -> None:
    from typer.main import get_command

    from limelight.cli.main import app, with_command

    assert len(commands()) >= 10
    group = get_command(app)
    for words in commands():
        name, *rest = with_command(words[1:])
        command = group.get_command(None, name)
        if name == "muddy":
            command = command.commands[rest[0]]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in rest if word.startswith("-")} <= known, words


def test_options_and_fields_are_all_named() -> None:
    for one in (*fields(FilmSettings), *fields(FilmStatus)):
        if one.name not in ("film_seconds", "loudness_before_lufs", "loudness_after_lufs", "changed", "notes"):
            assert f"`{one.name}`" in PAGE, one.name


def test_the_list_is_taken(tmp_path: Path) -> None:
    (tmp_path / "films.jsonl").write_text(blocks("json")[0], encoding="utf-8")
    make_films(tmp_path, 2)
    (tmp_path / "film000.mkv").rename(tmp_path / "e01.mp4")
    (tmp_path / "film001.mkv").rename(tmp_path / "e02.mp4")
    first, second = Inputs((str(tmp_path / "films.jsonl"),), "/out")
    assert (first.target, first.settings.strength) == ("/out/season1/e01", 0.5)
    assert (second.target, second.settings.loudness) == ("/out/e02.highlighted", "-23")
    assert (second.settings.style, second.settings.add_track) == ("documentary", True)


@pytest.mark.slow
@pytest.mark.parametrize("words", commands()[:6], ids=" ".join)
def test_the_first_commands_would_do_films(words: list[str], tmp_path: Path) -> None:
    """As typed, in a folder as they expect it; --dry-run spares the work."""
    make_films(tmp_path / "films", 1)
    for name in ("holiday.mp4", "talk.mkv", "e01.mp4", "e02.mp4"):
        (tmp_path / name).write_bytes((tmp_path / "films" / "film000.mkv").read_bytes())
    (tmp_path / "films.txt").write_text("holiday.mp4\n")
    (tmp_path / "films.jsonl").write_text(blocks("json")[0])
    env = os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)}
    rest = [word.strip("'").replace("*.mp4", "*") for word in words[1:]]
    done = subprocess.run(
        [sys.executable, "-m", "limelight", *rest, "--dry-run"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "make " in done.stdout
    assert "unusable" not in done.stdout


@pytest.mark.slow
def test_the_program_runs(tmp_path: Path) -> None:
    make_sound(tmp_path / "holiday.wav", seed=1)
    (tmp_path / "holiday.wav").rename(tmp_path / "holiday.mp4")
    (tmp_path / "program.py").write_text(blocks("python")[0], encoding="utf-8")
    env = os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(tmp_path / done.stdout.splitlines()[-1]).is_file()
    assert "0 done" in done.stdout
