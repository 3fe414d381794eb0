"""How a command line is understood: every usual form is taken, and what is not is refused in one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from films import Film, film_path
from media_corpus.command_server import CommandServer

from limelight.cli.main import ROOT_OPTIONS, with_command

FILM = Film(seconds=2.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(film_path(FILM), tmp_path / "film.mp4")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("film.mp4",),
        ("-q", "film.mp4"),
        ("--report", "film.mp4"),
        ("--strength", "0.5", "film.mp4"),
        ("--strength=0.5", "-qf", "film.mp4"),
        ("-o", "stems", "film.mp4"),
        ("--", "film.mp4"),
    ],
)
def test_a_command_that_is_left_out_is_highlight(words: tuple[str, ...]) -> None:
    assert with_command(list(words)) == ["highlight", *words]


@pytest.mark.parametrize("words", [("plan", "film.mp4"), ("muddy", "build"), *((option,) for option in ROOT_OPTIONS)])
def test_what_has_a_command_stays_as_it_is(words: tuple[str, ...]) -> None:
    assert with_command(list(words)) == list(words)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("--strength", "0.5", "-q", "film.mp4"), ("film.mp4", "-q"), ("-q", "--", "film.mp4")]
)
def test_options_stand_before_the_film_or_behind(words: tuple[str, ...], server: CommandServer, folder: Path) -> None:
    outcome = server.run(*words, folder=folder)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.strip().endswith("film.highlighted.mp4")


def refused(server: CommandServer, folder: Path, *words: str) -> str:
    """The line of a command that must be refused as not understood, before anything is done."""
    before = sorted(folder.iterdir())
    outcome = server.run(*words, folder=folder)
    assert (outcome.code, outcome.exit_code, outcome.stdout) == ("E_USAGE", 2, ""), outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert sorted(folder.iterdir()) == before
    return outcome.stderr


@pytest.mark.parametrize("words", [("highlight", "a.mp4", "b.mp4", "c.mp4"), ("plan", "a", "b")])
def test_several_films_are_told_that_one_is_taken_and_what_takes_more(
    words: tuple[str, ...], server: CommandServer, folder: Path
) -> None:
    said = refused(server, folder, *words)
    assert words[-1] in said
    assert "limelight batch FILMS… -o DIR" in said


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["a.mp4", "b.mp4"], "batch"),
        (["a.mp4", "b.mp4", "--strength", "0.5"], "batch"),
        (["."], "batch"),
        (["a.mp4"], "highlight"),
        (["a.mp4", "-o", "b.mp4"], "highlight"),
        (["--strength", "0.5", "a.mp4"], "highlight"),
    ],
)
def test_several_names_or_a_folder_are_a_batch(words: list[str], command: str) -> None:
    assert with_command(words) == [command, *words]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--nonsense", "film.mp4"), "--nonsense"),
        (("film.mp4", "--strength", "much"), "--strength"),
        (("highlight",), "limelight highlight -h"),
        (("render", "film.mp4"), "PLAN"),
        (("-q", "plan", "film.mp4"), "limelight plan"),
        (("hilight",), "limelight highlight"),
        (("film.mp4", "--context", "tea"), "--context"),
    ],
)
def test_what_is_not_understood_is_named_in_one_line(
    words: tuple[str, ...], named: str, server: CommandServer, folder: Path
) -> None:
    assert named in refused(server, folder, *words)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (".", "limelight batch"),
        ("*.mp4", "limelight batch"),
        ("https://example.org/film.mp4", "download it first"),
        ("/dev/stdin", "the file's own name"),
        ("/dev/fd/0", "the file's own name"),
        ("-", "the file's own name"),
    ],
)
@pytest.mark.parametrize("command", ["highlight", "plan", "inspect", "stems"])
def test_what_is_no_film_is_told_with_what_to_do(
    command: str, name: str, advice: str, server: CommandServer, tmp_path: Path
) -> None:
    outcome = server.run(command, name, *(("-o", "stems") if command == "stems" else ()), folder=tmp_path)
    assert (outcome.code, outcome.exit_code) == ("E_INPUT", 3), outcome.stderr
    assert advice in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_a_film_with_signs_of_a_pattern_in_its_name_is_a_film(server: CommandServer, folder: Path) -> None:
    (folder / "film.mp4").rename(folder / "take [2].mp4")
    assert server.run("take [2].mp4", "-q", folder=folder).exit_code == 0


@pytest.mark.parametrize("words", [(), ("-h",), ("help",), ("--help",), ("help", "highlight"), ("highlight", "-h")])
def test_help_is_found_by_every_usual_name(words: tuple[str, ...], server: CommandServer, tmp_path: Path) -> None:
    outcome = server.run(*words, folder=tmp_path)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert "Usage" in outcome.stdout


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_an_old_terminal_breaks_nothing_and_json_is_utf_8(encoding: str, folder: Path) -> None:
    """As on Windows, where what is written into a file is in the terminal's own encoding."""

    def run(*words: str) -> bytes:
        told = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run(
            [sys.executable, "-m", "limelight", *words], capture_output=True, env=told, cwd=folder, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert b"Error" not in done.stderr
        return done.stdout

    assert b"Usage" in run("--help")
    assert b"shot 1" in run("inspect", "film.mp4")
    (folder / "film.mp4").rename(folder / "日 −.mp4")
    if encoding == "cp1252":
        plan = run("plan", "日 −.mp4", "--separator", "lite", "-q").decode("utf-8")
        assert json.loads(plan)["source"]["name"] == "日 −.mp4"
    assert run("日 −.mp4", "--separator", "lite").strip().endswith(b".highlighted.mp4")
