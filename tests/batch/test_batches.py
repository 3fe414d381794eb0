"""A batch of films on this machine: each for itself, resumable, told line by line; and the command that does it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from batch.invented_films import SETTINGS, make_films, make_sound

from limelight.batch.batches import FilmStatus, Totals, run_batch
from limelight.batch.films import FilmTask
from limelight.batch.foresight import Foreseen, foresee
from limelight.batch.inputs import Inputs, Watched, is_written_to
from limelight.batch.local_engine import LocalEngine
from limelight.batch.settings import FilmSettings, digest
from limelight.errors import InputError, SomeFailed, UsageError

pytestmark = pytest.mark.batch
USUAL = FilmSettings(**SETTINGS)
COMMAND = [sys.executable, "-m", "limelight"]


def run(inputs: Inputs, *, workers: int = 2, lines: Path | None = None) -> dict[str, FilmStatus]:
    """Name of the film → what came of it."""
    totals = Totals(*inputs.check())
    told = run_batch(inputs, LocalEngine(workers), totals, status_file=lines and str(lines))
    found = {Path(status.film).name: status for status in told if status is not None}
    assert totals.over == len(found)
    assert totals.bytes_over == totals.size_bytes
    return found


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in sorted(folder.iterdir()) if path.is_file() and path.suffix != ".jsonl"}


def left_behind(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if ".part" in path.name]


def test_one_bad_film_harms_no_other_and_what_is_done_stays_done(tmp_path: Path) -> None:
    for number in range(3):
        make_sound(tmp_path / "in" / f"{number}.mka", seed=number)
    (tmp_path / "in" / "bad.mkv").write_text("no film")
    inputs = Inputs((str(tmp_path / "in" / "*"),), str(tmp_path / "out"), USUAL)
    lines = tmp_path / "out" / "batch.jsonl"
    found = run(inputs, lines=lines)
    assert Counter(status.state for status in found.values()) == {"done": 3, "failed": 1}
    assert found["bad.mkv"].code == "E_NOT_MEDIA"
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    assert {Path(one["film"]).name: one["state"] for one in told} == {name: one.state for name, one in found.items()}
    first = hashes(tmp_path / "out")
    assert first == {f"{number}.highlighted.mka": found[f"{number}.mka"].sha256 for number in range(3)}
    again = run(inputs)
    assert Counter(status.state for status in again.values()) == {"before": 3, "failed": 1}
    assert hashes(tmp_path / "out") == first
    make_sound(tmp_path / "in" / "bad.mkv")
    assert run(inputs)["bad.mkv"].state == "done"


def test_a_full_disk_harms_only_what_does_not_fit(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk; workers inherit it."""
    make_sound(tmp_path / "in" / "long.wav", seconds=6.0)
    make_sound(tmp_path / "in" / "short.flac", seconds=0.5)
    inputs = Inputs((str(tmp_path / "in" / "*"),), str(tmp_path / "out"), USUAL)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, before[1]))
    try:
        found = run(inputs, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert found["long.wav"].code == "E_OUTPUT"
    assert found["short.flac"].state == "done"
    assert list(hashes(tmp_path / "out")) == ["short.highlighted.flac"]
    assert not left_behind(tmp_path)


def test_a_killed_worker_takes_its_film_only_and_that_is_done_again(tmp_path: Path) -> None:
    make_films(tmp_path / "in", 3, seconds=2.0)
    inputs = Inputs((str(tmp_path / "in"),), str(tmp_path / "out"), USUAL)
    totals, engine, killed = Totals(*inputs.check()), LocalEngine(1), 0
    found = {}
    for status in run_batch(inputs, engine, totals):
        if status is None and not killed and totals.over == 1 and totals.running:
            (worker,) = engine._workers
            killed = worker.process.pid
            os.kill(killed, signal.SIGKILL)
        if status is not None:
            found[Path(status.film).name] = status
    assert {status.state for status in found.values()} == {"done"}
    assert sorted(status.attempts for status in found.values()) == [1, 1, 2]
    assert not left_behind(tmp_path)


def test_names_follow_the_rule(tmp_path: Path) -> None:
    make_films(tmp_path / "in" / "b", 1)
    make_films(tmp_path / "in" / ".hidden", 1)
    make_films(tmp_path / "in", 1, first=1)
    (tmp_path / "in" / "film001.highlighted.mkv").write_bytes(b"a result")
    (tmp_path / "in" / "out").mkdir()
    (tmp_path / "in" / "out" / "film.mkv").write_bytes(b"another")
    (tmp_path / "in" / "notes.txt").write_text("no list: it is in a folder")
    out = tmp_path / "in" / "out"
    folder = Inputs((str(tmp_path / "in"),), str(out))
    assert [task.target for task in folder] == [f"{out}/film001.highlighted", f"{out}/b/film000.highlighted"]
    assert [task.source for task in folder] == [f"{tmp_path}/in/film001.mkv", f"{tmp_path}/in/b/film000.mkv"]
    pattern = Inputs((str(tmp_path / "in" / "**" / "film*0.mkv"),), str(out))
    assert [task.target for task in pattern] == [f"{out}/film000.highlighted"]
    beside = Inputs((str(tmp_path / "in" / "b"),))
    assert [task.target for task in beside] == [f"{tmp_path}/in/b/film000.highlighted"]
    twice = Inputs((str(tmp_path / "in" / "b"), str(tmp_path / "in" / "b" / "film000.mkv")), str(out))
    assert len(list(twice)) == 1


def test_lists_give_names_and_options(tmp_path: Path) -> None:
    films = make_films(tmp_path / "in", 2)
    (tmp_path / "in" / "list.txt").write_text(f"# mine\nfilm000.mkv\n\n{films[1]}\n", encoding="utf-8")
    plain = Inputs((str(tmp_path / "in" / "list.txt"),), "/out", USUAL)
    assert [task.source for task in plain] == [str(film) for film in films]
    lines = [{"film": "film000.mkv", "name": "s1/e1", "strength": 0.5}, {"film": "s3://bucket/a.mp4"}]
    listed = tmp_path / "in" / "list.jsonl"
    listed.write_text("\n".join(json.dumps(line) for line in lines[:1]), encoding="utf-8")
    (task,) = Inputs((str(listed),), "/out", USUAL)
    assert task.target == "/out/s1/e1"
    assert task.settings == FilmSettings(**SETTINGS, strength=0.5)
    assert task.size_bytes == films[0].stat().st_size


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"film": "a.mkv", "strenght": 1}', "line 1 of .*no option is called 'strenght'"),
        ('{"film": "a.mkv", "name": "../a"}', "lies within the output"),
        ('{"film": "a.mkv", "name": "/a"}', "lies within the output"),
        ('{"name": "a"}', "names no film"),
        ('{"film"', "line 1 of"),
    ],
)
def test_a_wrong_list_is_told_before_any_work(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "list.jsonl").write_text(line)
    with pytest.raises(UsageError, match=said):
        Inputs((str(tmp_path / "list.jsonl"),), str(tmp_path / "out")).check()


def test_two_films_of_one_name_are_told_before_any_work(tmp_path: Path) -> None:
    make_films(tmp_path / "a", 1)
    make_films(tmp_path / "b", 1)
    with pytest.raises(InputError, match="would both become"):
        Inputs(
            (str(tmp_path / "a" / "film000.mkv"), str(tmp_path / "b" / "film000.mkv")), str(tmp_path / "out")
        ).check()
    with pytest.raises(InputError, match="found none"):
        Inputs((str(tmp_path / "a" / "*.mp4"),), str(tmp_path / "out")).check()


def test_what_would_be_done_is_foretold(tmp_path: Path) -> None:
    make_films(tmp_path / "in", 3)
    (tmp_path / "in" / "bad.mkv").write_text("no film")
    out = tmp_path / "out"
    inputs = Inputs((str(tmp_path / "in"), str(tmp_path / "none.mkv")), str(out), USUAL)
    run(Inputs((str(tmp_path / "in" / "film000.mkv"),), str(out), USUAL), workers=1)
    (out / "film001.highlighted.mkv").write_bytes(b"somebody's")
    *films, foreseen = foresee(inputs, 2)
    assert [state for _, state in films] == ["unusable", "before", "exists", "make", "missing"]
    assert isinstance(foreseen, Foreseen)
    assert foreseen.film_seconds == pytest.approx(1.0, abs=0.1)
    assert not foreseen.assumed
    assert foreseen.seconds == pytest.approx(foreseen.film_seconds / foreseen.times_real_time / 2)
    assert foreseen.size_bytes == (tmp_path / "in" / "film002.mkv").stat().st_size
    assert sorted(path.name for path in out.iterdir()) == [
        ".limelight",
        "film000.highlighted.mkv",
        "film001.highlighted.mkv",
    ]


def test_a_watched_film_is_taken_when_it_is_complete(tmp_path: Path) -> None:
    source = make_films(tmp_path / "made", 1)[0].read_bytes()
    folder = tmp_path / "in"
    folder.mkdir()
    watched = iter(Watched(str(folder), Inputs((), str(tmp_path / "out")), settle_seconds=0.2, look_seconds=0.0))

    def looks(seconds: float) -> list[str]:
        ends, seen = time.monotonic() + seconds, []
        while time.monotonic() < ends:
            task = next(watched)
            seen += [Path(task.source).name] if task else []
        return seen

    with (folder / "film.mkv").open("wb") as file:
        file.write(source[:1000])
        file.flush()
        assert is_written_to(folder / "film.mkv") == (sys.platform == "linux")
        assert looks(0.5) == ([] if sys.platform == "linux" else ["film.mkv"])
        file.write(source[1000:])
    assert looks(0.1) == []
    assert looks(0.5) == ["film.mkv"]
    assert looks(0.3) == []
    (folder / "empty.mkv").touch()
    (folder / "film.mkv").write_bytes(source + source)  # other bytes, another film
    assert looks(0.6) == ["film.mkv"]
    with pytest.raises(InputError, match="no such folder"):
        next(iter(Watched(str(tmp_path / "none"), Inputs((), "/out"))))


def test_the_command_end_to_end(tmp_path: Path) -> None:
    make_films(tmp_path / "in", 2)
    (tmp_path / "in" / "bad.mkv").write_text("no film")
    words = ["batch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--separator", "lite", "--speech", "3"]
    dry = subprocess.run([*COMMAND, *words, "--dry-run", "--json"], capture_output=True, text=True, check=True)
    assert [json.loads(line)["would"] for line in dry.stdout.splitlines()] == ["unusable", "make", "make"]
    assert not (tmp_path / "out").exists()
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 7
    assert sorted(done.stdout.split()) == [f"{tmp_path}/out/film00{number}.highlighted.mkv" for number in (0, 1)]
    assert "E_SOME_FAILED: 1 of 3 films could not be done" in done.stderr
    assert "E_NOT_MEDIA" in done.stderr
    (tmp_path / "in" / "bad.mkv").unlink()
    again = subprocess.run([*COMMAND, *words, "--json", "--quiet"], capture_output=True, text=True, check=True)
    assert {json.loads(line)["state"] for line in again.stdout.splitlines()} == {"before"}
    assert len((tmp_path / "out" / "batch.jsonl").read_text().splitlines()) == 5


def test_several_names_are_a_batch(tmp_path: Path) -> None:
    first, second = (make_sound(tmp_path / f"{name}.flac", seed=ord(name)) for name in "ab")
    done = subprocess.run(
        [*COMMAND, str(first), str(second), "--separator", "lite"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.glob("*.highlighted.flac")} == {"a.highlighted.flac", "b.highlighted.flac"}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_driver_that_is_stopped_goes_on_where_it_was(tmp_path: Path, how: signal.Signals) -> None:
    make_films(tmp_path / "in", 4)
    out = tmp_path / "out"
    words = ["batch", str(tmp_path / "in"), "-o", str(out), "--separator", "lite", "--speech", "3", "--workers", "1"]
    with subprocess.Popen([*COMMAND, *words, "-q"], stdout=subprocess.PIPE, text=True) as running:
        running.stdout.readline()
        running.send_signal(how)
    if how == signal.SIGINT:
        assert running.returncode == 130
        assert not left_behind(tmp_path)
    done = {path.name: path.stat() for path in out.glob("*.mkv")}
    assert 1 <= len(done) < 4
    again = subprocess.run([*COMMAND, *words, "-q", "--json"], capture_output=True, text=True, check=True)
    states = {Path(json.loads(line)["target"]).name: json.loads(line)["state"] for line in again.stdout.splitlines()}
    for name, before in done.items():
        assert states[name] == "before"
        assert ((out / name).stat().st_ino, (out / name).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert Counter(states.values())["done"] >= 1
    assert len(states) == 4
    assert not left_behind(tmp_path)


def test_a_watch_that_is_started_again_forgets_nothing(tmp_path: Path) -> None:
    def watch(count: int) -> dict[str, str]:
        watched = Watched(str(tmp_path / "in"), Inputs((), str(tmp_path / "out"), USUAL), 0.1, 0.1)
        running, found = run_batch(watched, LocalEngine(1), Totals(0, 0)), dict[str, str]()
        for status in running:
            found |= {Path(status.film).name: status.state} if status else {}
            if len(found) == count:
                running.close()
        return found

    make_films(tmp_path / "in", 1)
    assert watch(1) == {"film000.mkv": "done"}
    make_films(tmp_path / "in", 1, first=1)  # while nobody watches
    assert watch(2) == {"film000.mkv": "before", "film001.mkv": "done"}


def test_some_failed_makes_the_exit_code() -> None:
    totals = Totals(2, 0)
    totals.add(FilmTask("a", "b"), FilmStatus("a", "done", film_seconds=3.0))
    totals.check("")
    totals.add(FilmTask("c", "d"), FilmStatus("c", "failed"))
    with pytest.raises(SomeFailed, match="1 of 2 films"):
        totals.check("")
