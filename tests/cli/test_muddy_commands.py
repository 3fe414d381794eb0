"""limelight muddy, from the shell: what a newcomer does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from dataset.films_and_stems import film_with_stems
from films import Film, film_path
from typer.testing import CliRunner

from limelight.cli.main import app

run = CliRunner()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One film and its stems, and a data set built from it."""
    folder = tmp_path_factory.mktemp("place")
    film_with_stems(folder, "holiday")
    done = run.invoke(app, [*command(folder), "--quiet", "--json", "--licence", "mine"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["clips"] == 2
    return folder


def command(folder: Path, *films: Path, output: str = "set") -> list[str]:
    given = [str(film) for film in films or (folder / "films",)]
    more = ["-o", str(folder / output), "--separator", f"stems:{folder / 'stems'}", "--seconds", "2", "--workers", "1"]
    return ["muddy", "build", *given, *more]


def test_show_prints_figures_and_writes_a_page(place: Path) -> None:
    done = run.invoke(app, ["muddy", "show", str(place / "set")])
    assert done.exit_code == 0, done.output
    assert "licence: mine" in done.stdout
    assert (place / "set" / "statistics.html").stat().st_size > 10_000
    facts = json.loads(run.invoke(app, ["muddy", "show", str(place / "set"), "--json", "--examples", "0"]).stdout)
    assert facts["clips"] == 2


def test_check_passes_and_a_changed_file_leaves_with_3(place: Path, tmp_path: Path) -> None:
    assert run.invoke(app, ["muddy", "check", str(place / "set")]).stdout.startswith("2 clips: no leakage")
    shutil.copytree(place / "set", tmp_path / "set")
    next((tmp_path / "set" / "clips").glob("*/cues.npy")).write_bytes(b"")
    done = run.invoke(app, ["muddy", "check", str(tmp_path / "set")])
    assert done.exit_code == 3
    assert "E_DAMAGED" in done.stderr


def test_a_build_again_finds_everything_done(place: Path) -> None:
    done = run.invoke(app, [*command(place), "--licence", "mine"])
    assert done.exit_code == 0
    assert "0 films built now, 1 were done before" in done.stderr


def test_a_bad_film_leaves_with_7_and_the_others_are_built(place: Path, tmp_path: Path) -> None:
    mute = Path(shutil.copy(film_path(Film(sound=None, seconds=3.0)), tmp_path / "mute.mp4"))
    done = run.invoke(app, command(place, place / "films", mute, output="with-mute"))
    assert done.exit_code == 7, done.output
    assert "mute.mp4: E_NO_AUDIO" in done.stderr
    assert "E_SOME_FAILED: 1 films or batches could not be used" in done.stderr
    assert run.invoke(app, ["muddy", "check", str(place / "with-mute")]).stdout.startswith("2 clips")


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["--recipe", "loud"], 3, "Wanted the recipe loud:mixed"),
        (["--separator", "magic"], 5, "Wanted the separator"),
        (["--separator", "model:nobody"], 5, "E_MODEL"),
        (["--shares", "1,2"], 2, "three numbers"),
        (["--shares", "most,some,none"], 2, "three numbers"),
        (["--shares", "0.5,0.5,0.5"], 2, "must sum to 1"),
        (["--seconds", "0"], 2, "1 to 600 s"),
        (["--about", "nowhere.csv"], 3, "nowhere.csv"),
    ],
)
def test_wrong_wishes_leave_one_line_and_nothing_behind(
    place: Path, tmp_path: Path, words: list[str], exit_code: int, said: str
) -> None:
    done = run.invoke(app, ["muddy", "build", str(place / "films"), "-o", str(tmp_path / "set"), *words])
    assert done.exit_code == exit_code, done.output
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "set").exists()


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    for words in (["show"], ["check"]):
        done = run.invoke(app, ["muddy", *words, str(tmp_path)])
        assert done.exit_code == 3
        assert "build it with `limelight muddy`" in done.stderr


def test_the_papers_recipe_from_a_folder_of_condensed_movies(place: Path, tmp_path: Path) -> None:
    tables = {
        "clips": "videoid,imdbid\nholiday,tt1\n",
        "movie_info": "imdbid,genre\ntt1,['Action']\n",
        "split": "imdbid,split\ntt1,val\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    words = [
        *command(place, output="movies"),
        "--condensed-movies",
        str(tmp_path),
        "--limit",
        "input",
        "--keep-trivial",
    ]
    done = run.invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "1 of the 1 videos of these genres are here" in done.stderr
    facts = json.loads(run.invoke(app, ["muddy", "show", str(place / "movies"), "--json", "--examples", "0"]).stdout)
    assert facts["splits"] == {"validation": facts["clips"]}
    levels = tmp_path / "mine.csv"
    levels.write_text("speech_lufs,music_lufs,effects_lufs\n-20,-30,-inf\n")
    shown = run.invoke(app, ["muddy", "show", str(place / "movies"), "--examples", "0", "--beside", str(levels)])
    assert "mine: 100 %" in shown.stdout
    other = run.invoke(app, [*words[:-3], "both", "--keep-trivial"])  # into the same folder
    assert other.exit_code == 3
    assert "was built with limit 'input', wanted is 'both'" in other.stderr
    assert run.invoke(app, [*words, "--genres", "Opera"]).exit_code == 3
