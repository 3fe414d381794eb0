"""Where a result goes, and what is refused before anything is looked at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from films import Film, film_path, sound_film
from media_corpus.command_server import CommandServer

from limelight import api
from limelight.cli.highlight import highlight, render
from limelight.mixing.plan import plan_text

FILM = Film(seconds=2.0)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return Path(shutil.copy(film_path(FILM), tmp_path / "film.mp4"))


@pytest.mark.parametrize(
    ("container", "codec", "target", "code"),
    [
        ("mp4", "libx264", "out.wav", "E_OUTPUT"),  # a picture into a sound file
        ("webm", "libvpx", "out.mp4", "E_OUTPUT"),  # VP8
        ("mp4", "libx264", "out.webm", "E_OUTPUT"),
        ("mp4", "libx264", "out.avi", "E_OUTPUT"),  # which is not written at all
        ("mp4", "libx264", "out", "E_OUTPUT"),
        ("mp4", "libx264", "nowhere/", "E_OUTPUT"),
        ("mp4", "libx264", "film.mp4", "E_OUTPUT"),
    ],
)
def test_a_target_that_cannot_be_is_refused_before_the_film_is_watched(
    container: str, codec: str, target: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    name = f"film.{container}"
    shutil.copy(
        film_path(
            Film(container=container, picture=codec, sound="libopus" if container == "webm" else "aac", seconds=2.0)
        ),
        tmp_path / name,
    )
    monkeypatch.chdir(tmp_path)

    def watched(*given: object) -> None:
        raise AssertionError("the film was watched")

    monkeypatch.setattr(api, "analyse", watched)
    with pytest.raises(SystemExit) as left:
        highlight(Path(name), output=target, separator="lite", quiet=True)
    assert left.value.code == 6
    assert capsys.readouterr().err.startswith(f"{code}: ")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_rendered_plan_is_refused_as_early(film: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    made = film.with_name("plan.json")
    made.write_text(plan_text(api.plan_video(film, separator=api.load_separator("lite"))))

    def loaded(*given: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(api, "load_separator", loaded)
    with pytest.raises(SystemExit) as left:
        render(film, made, output=str(film.with_name("out.wav")), quiet=True)
    assert left.value.code == 6
    assert "that is for sound alone" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["results", "results/"])
def test_a_folder_as_target_takes_the_usual_name(folder: str, film: Path, server: CommandServer) -> None:
    film.with_name("results").mkdir()
    outcome = server.run("film.mp4", "-o", folder, "--report", "--json", folder=film.parent)
    assert outcome.exit_code == 0, outcome.stderr
    facts = json.loads(outcome.stdout)
    made = sorted(path.name for path in film.with_name("results").iterdir())
    assert made == ["film.highlighted.html", "film.highlighted.mp4"]
    assert (Path(facts["dest"]).name, Path(facts["report"]).name) == (made[1], made[0])


def test_a_folder_as_target_for_what_is_written_in_another_container(tmp_path: Path, server: CommandServer) -> None:
    shutil.copy(film_path(sound_film("aiff", "pcm_s16be")), tmp_path / "talk.aiff")
    (tmp_path / "out").mkdir()
    assert server.run("talk.aiff", "-o", "out", "-q", folder=tmp_path).exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["talk.highlighted.wav"]


@pytest.mark.slow
def test_a_page_that_is_there_is_kept_unless_it_may_be_replaced(film: Path, server: CommandServer) -> None:
    page = film.with_name("film.highlighted.html")
    page.write_text("somebody's own page")
    outcome = server.run("film.mp4", "--report", folder=film.parent)
    assert (outcome.code, outcome.exit_code) == ("E_EXISTS", 6)
    assert outcome.stage in ("start", "ready")  # before the work
    assert page.read_text() == "somebody's own page"
    assert sorted(path.name for path in film.parent.iterdir()) == ["film.highlighted.html", "film.mp4"]
    assert server.run("film.mp4", "--report", "--force", folder=film.parent).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_summary_says_where_the_page_is_and_why(film: Path, server: CommandServer) -> None:
    outcome = server.run("film.mp4", "--report", folder=film.parent)
    lines = [line.split(maxsplit=1) for line in outcome.stderr.splitlines()]
    told = {line[0]: line[1] for line in lines if len(line) == 2}
    assert told["report"].strip().endswith("film.highlighted.html")
    assert told["why"]
