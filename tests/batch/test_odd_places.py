"""Names and folders as users have them: bytes that are no text, links to nowhere, folders that cannot be read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from batch.invented_films import SETTINGS, make_sound

from limelight.batch import storage
from limelight.batch.batches import FilmStatus, StatusLines, Totals, run_batch
from limelight.batch.films import FilmDone, FilmRecord, FilmTask, do_film
from limelight.batch.inputs import Inputs, Watched
from limelight.batch.local_engine import LocalEngine
from limelight.batch.settings import FilmSettings
from limelight.errors import OutputError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")


@LINUX
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """Done, recorded, told, and known again."""
    folder = os.fsencode(tmp_path) + b"/in"
    os.mkdir(folder)
    made = make_sound(tmp_path / "a.mkv")
    made.rename(os.fsdecode(folder + b"/caf\xe9 \xf0\x9f\x8e\xac.mkv"))
    inputs = Inputs((os.fsdecode(folder),), str(tmp_path / "out"), FilmSettings(**SETTINGS))
    (task,) = inputs
    first = do_film(task, lambda done: None)
    assert do_film(task, lambda done: None).before
    lines = tmp_path / "batch.jsonl"
    with StatusLines(str(lines)) as status:
        status.add(FilmStatus(task.source, "done", first.record.target))
    assert json.loads(lines.read_text(encoding="utf-8"))["film"] == task.source


def test_readable_names_stay_readable() -> None:
    assert '"film": "/films/Дом 🎬.mkv"' in FilmStatus("/films/Дом 🎬.mkv", "done").line


@LINUX
def test_links_to_nowhere_are_films_that_fail_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    make_sound(folder / "a.mkv")
    (folder / "gone.mkv").symlink_to(tmp_path / "nowhere.mkv")
    (folder / "loop.mkv").symlink_to("loop.mkv")
    (folder / "linked.mkv").symlink_to("a.mkv")
    assert [Path(task.source).name for task in Inputs((str(folder),), "/out")] == [
        "a.mkv",
        "gone.mkv",
        "linked.mkv",
        "loop.mkv",
    ]
    watched = iter(Watched(str(folder), Inputs((), "/out"), settle_seconds=0.0, look_seconds=0.0))
    taken = [task for task in (next(watched) for _ in range(6)) if task]
    assert [Path(task.source).name for task in taken] == ["a.mkv", "linked.mkv"]


def test_a_folder_that_cannot_be_read_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_sound(tmp_path / "a.mkv")
    (tmp_path / "lost+found").mkdir()
    scandir = os.scandir

    def refusing(place):
        if str(place).endswith("lost+found"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refusing)
    inputs = Inputs((str(tmp_path),), "/out")
    assert inputs.check()[0] == len(list(inputs)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"cannot look into {tmp_path / 'lost+found'}: Permission denied; what lies in it is left out"
    ]


def dry(task: FilmTask, report: object) -> FilmDone:
    none = storage.Stamp(0, "0")
    return FilmDone(FilmRecord("done", task.source, none, "0" * 64, "0" * 16, task.target + ".mp4", result=none))


@LINUX
def test_lines_that_find_no_room_stop_no_film(caplog: pytest.LogCaptureFixture) -> None:
    films = [FilmTask(f"{number}.mkv", f"/out/{number}") for number in range(3)]
    totals = Totals(3, 0)
    for _ in run_batch(films, LocalEngine(1), totals, status_file="/dev/full", work=dry):
        pass
    assert totals.states == {"done": 3}
    assert len(caplog.records) == 2
    assert "3 lines could not be written" in caplog.records[-1].getMessage()


def test_lines_that_cannot_be_written_from_the_start_are_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "lines").mkdir()
    with pytest.raises(OutputError), StatusLines(str(tmp_path / "lines")):
        pass


def test_a_list_of_another_system_is_read(tmp_path: Path) -> None:
    """With a mark of its byte order and other ends of lines, as Windows writes it."""
    (tmp_path / "films.txt").write_bytes("\ufeffa b.mkv\r\nÜ.mkv\r\n".encode())
    tasks = list(Inputs((str(tmp_path / "films.txt"),), "/out"))
    assert [task.source for task in tasks] == [str(tmp_path / "a b.mkv"), str(tmp_path / "Ü.mkv")]
