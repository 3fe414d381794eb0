"""export and import at the command line; every command of docs/hand-over.md runs, in its order."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from films import Film, make_film

from limelight.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "hand-over.md"


def limelight(*words: object) -> int:
    """The exit code of a command."""
    before = sys.argv
    sys.argv = ["limelight", *map(str, words)]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
    return 0


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> Path:
    """A folder with a film and its plan."""
    folder = tmp_path_factory.mktemp("planned")
    make_film(Film("mkv", sound="flac", seconds=1.0, amplitude=0.1), folder / "film.mkv")
    assert limelight("plan", folder / "film.mkv", "--separator", "lite", "-o", folder / "film.json", "-q") == 0
    return folder


@pytest.fixture
def plan_file(planned, monkeypatch) -> Path:
    """The plan, in the folder where one is."""
    monkeypatch.chdir(planned)
    return Path("film.json")


@pytest.mark.slow
def test_what_is_handed_over_is_told(plan_file, capsys):
    assert limelight("export", plan_file, "--to", "csv", "-o", "out", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in told["timelines"]] == ["film.csv"]
    assert all(Path(path).exists() for path in told["stems"])
    assert (told["frames_per_second"], told["start_timecode"], told["drop_frame"]) == (25.0, "00:00:00:00", False)
    assert limelight("import", "out/film.csv", "--plan", plan_file, "-o", "back.json") == 0
    assert Path("back.json").read_text("utf-8") == plan_file.read_text("utf-8")
    shutil.rmtree("out")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("export film.json -o out", 2, "E_USAGE: film.json is a plan; say for which editor: --to"),
        ("export film.json --to avid -o out", 2, "E_USAGE: Wanted a timeline for 'avid'"),
        ("export film.json --to csv --to onnx -o out", 2, "E_USAGE"),
        ("export film.json --to csv --last -o out", 2, "E_USAGE: --last is for the export of a network"),
        ("export run/ --film film.mkv -o x.onnx", 2, "E_USAGE: --film is for the export of a plan"),
        ("export film.json --to csv --film other.mkv -o out", 3, "E_INPUT"),
        ("export missing.json --to csv -o out", 3, "E_PLAN"),
        ("import film.mkv --plan film.json", 2, "E_USAGE: Wanted a project of Reaper"),
        ("import missing.csv --plan film.json", 3, "E_INPUT"),
        ("import film.json --plan film.json -o film.json", 6, "E_OUTPUT"),
    ],
)
def test_refusals(words, code, said, plan_file, capsys):
    capsys.readouterr()
    assert limelight(*words.split()) == code
    shown = capsys.readouterr()
    assert said in shown.err.replace("\n", " ")
    assert not shown.out
    assert not Path("out").exists()


def commands() -> list[list[str]]:
    """Those of the page that are ours."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    return [shlex.split(line)[1:] for line in "\n".join(blocks).splitlines() if line.startswith("limelight ")]


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_film(Film("mp4", seconds=1.0, amplitude=0.1), tmp_path / "holiday.mp4")
    assert len(commands()) >= 10
    for words in commands():
        assert limelight(*words) == 0, words
    script = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    exec(compile(script[0], str(PAGE), "exec"), {})


def test_the_page_tells_of_every_editor():
    from limelight.timelines.hand_over import EDITORS

    text = PAGE.read_text("utf-8")
    assert all(f"`{name}`" in text and f"`{editor.suffix}`" in text for name, editor in EDITORS.items())
