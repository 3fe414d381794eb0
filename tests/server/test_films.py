"""What the page remembers: films, jobs, their files; after a restart as well."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from films import Film
from page_at_work import ThreadEngine, put_film, wait_for

from limelight.errors import InputError, NotMedia, OutputError, TooLarge
from limelight.server import films as module
from limelight.server.films import Films, QueueFull
from limelight.server.incoming import Incoming
from limelight.server.work import Done, Task, overall

SHORT = Film(container="mkv", picture=None, sound="flac", seconds=1.0)


def quick(task: Task, report) -> Done:
    """An analysis without any work."""
    report(0.5)
    (Path(task.folder) / "plan.json").write_text("{}")
    return Done(facts={"notes": ["quick"]})


def endless(task: Task, report) -> Done:
    """Goes on until it is stopped."""
    while True:
        report(0.25)
        time.sleep(0.02)


def failing(task: Task, report) -> Done:
    raise NotMedia("cannot use it: <b>bold</b>\x1b[31m")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "films").mkdir()
    put_film(tmp_path / "films", SHORT, "a.mkv")
    return tmp_path / "films"


def until(condition, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_film_is_analysed_when_it_is_opened(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    try:
        film = films.open(folder / "a.mkv")
        (job,) = films.jobs(film.id)
        wait_for(films, job.id)
        assert films.analysed(film.id)
        assert films.job(job.id).facts == {"notes": ["quick"]}
        assert films.open(folder / "a.mkv") == film
        assert len(films.jobs()) == 1
    finally:
        films.close()


def test_a_restart_remembers_films_and_what_was_done(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    film = films.open(folder / "a.mkv")
    wait_for(films, films.jobs(film.id)[0].id)
    before = films.jobs()
    films.close()
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=endless)
    try:
        assert films.films() == [film]
        assert films.jobs() == before
    finally:
        films.close()


def test_what_was_not_over_begins_again(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=endless)
    film = films.open(folder / "a.mkv")
    job = films.jobs(film.id)[0].id
    until(lambda: films.job(job).state == "running")
    films.close()
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    try:
        wait_for(films, job)
        assert films.analysed(film.id)
    finally:
        films.close()


def test_a_film_outside_the_opened_folders_is_not_remembered(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    films.open(folder / "a.mkv")
    films.close()
    (tmp_path / "other").mkdir()
    films = Films(tmp_path / "work", [tmp_path / "other"], engine=ThreadEngine(), do=quick)
    try:
        assert films.films() == []
    finally:
        films.close()


def test_a_job_can_be_stopped_and_says_so(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=endless)
    try:
        film = films.open(folder / "a.mkv")
        job = films.jobs(film.id)[0].id
        until(lambda: films.job(job).state == "running")
        films.cancel(job)
        until(lambda: films.job(job).state == "cancelled")
        assert not films.analysed(film.id)
    finally:
        films.close()


def test_an_error_is_told_in_harmless_words(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=failing)
    try:
        film = films.open(folder / "a.mkv")
        job = films.jobs(film.id)[0].id
        until(lambda: films.job(job).over)
        assert films.job(job).code == "E_NOT_MEDIA"
        assert "\x1b" not in films.job(job).message
        with pytest.raises(InputError, match="not analysed"):
            films.submit(film.id, "render")
    finally:
        films.close()


def test_two_films_wait_for_their_turn_and_one_that_is_closed_leaves_nothing(folder, tmp_path):
    put_film(folder, Film(container="mkv", picture=None, sound="flac", seconds=1.2), "b.mkv")
    films = Films(tmp_path / "work", [folder], jobs=1, engine=ThreadEngine(), do=endless)
    try:
        first, second = films.open(folder / "a.mkv"), films.open(folder / "b.mkv")
        until(lambda: films.jobs(first.id)[0].state == "running")
        assert films.jobs(second.id)[0].state == "waiting"
        films.close_film(first.id)
        until(lambda: films.jobs(second.id)[0].state == "running")
        assert films.films() == [second]
        assert not (tmp_path / "work" / first.id).exists()
        assert (folder / "a.mkv").exists()
    finally:
        films.close()


def test_the_queue_is_full_at_some_point(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    put_film(folder, Film(container="mkv", picture=None, sound="flac", seconds=1.2), "b.mkv")
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=endless)
    try:
        films.open(folder / "a.mkv")
        with pytest.raises(QueueFull, match="1 jobs wait already"):
            films.open(folder / "b.mkv")
    finally:
        films.close()


def test_two_servers_do_not_share_a_folder(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    try:
        with pytest.raises(OutputError, match="another `limelight serve`"):
            Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    finally:
        films.close()


def test_damaged_records_are_passed_over(folder, tmp_path):
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    film = films.open(folder / "a.mkv")
    wait_for(films, films.jobs()[0].id)
    films.close()
    for number, text in enumerate(("", "[]", "{", '{"id": "../..", "path": "/etc/passwd"}')):
        (tmp_path / "work" / f"bad{number}").mkdir()
        (tmp_path / "work" / f"bad{number}" / "film.json").write_text(text)
    jobs = tmp_path / "work" / film.id / "jobs.json"
    jobs.write_text(json.dumps([{"id": "x"}]))
    films = Films(tmp_path / "work", [folder], engine=ThreadEngine(), do=quick)
    try:
        assert films.films() == [film]
        assert films.jobs() == []
    finally:
        films.close()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("../../etc/cron.d/x.mkv", "x.mkv"),
        ("C:\\Users\\me\\x.mkv", "x.mkv"),
        ("a\0b\x1b[31m.mp4", "a_b_[31m.mp4"),
        ("<img src=x>.mp4", "_img src=x_.mp4"),
        (".hidden.mp4", "hidden.mp4"),
        ("ä" * 500 + ".mp4", "ä" * 75 + ".mp4"),
    ],
)
def test_a_dropped_films_name_is_only_a_name(tmp_path, name, kept):
    films = Films(tmp_path / "work", [tmp_path], engine=ThreadEngine(), do=quick)
    try:
        place = films.drop(name)
        assert place.name == kept
        assert place.parent == (tmp_path / "work" / "dropped").resolve()
    finally:
        films.close()


@pytest.mark.parametrize("name", ["", "x", "x.exe", "..", "/", ".mp4", "x.mp4/"])
def test_what_is_no_films_name_is_refused(tmp_path, name):
    films = Films(tmp_path / "work", [tmp_path], engine=ThreadEngine(), do=quick)
    try:
        with pytest.raises(InputError, match="does not end as a film's does"):
            films.drop(name)
    finally:
        films.close()


def test_a_dropped_film_is_whole_or_absent_and_has_a_largest_size(tmp_path):
    def take() -> None:
        with Incoming(tmp_path / "a.mp4", largest_bytes=10) as incoming:
            for _ in range(2):
                incoming.add(b"123456")

    with pytest.raises(TooLarge, match="larger than 1e-08 GB"):
        take()
    assert list(tmp_path.iterdir()) == []
    with Incoming(tmp_path / "a.mp4", largest_bytes=10) as incoming:
        incoming.add(b"123456")
    assert (tmp_path / "a.mp4").read_bytes() == b"123456"


def test_a_dropped_film_goes_when_it_is_closed(tmp_path, folder):
    films = Films(tmp_path / "work", [tmp_path / "films"], engine=ThreadEngine(), do=quick)
    try:
        place = films.drop("b.mkv")
        place.write_bytes((folder / "a.mkv").read_bytes())
        film = films.open(place)
        wait_for(films, films.jobs(film.id)[0].id)
        films.close_film(film.id)
        assert not place.exists()
    finally:
        films.close()


def test_the_share_of_a_whole_job_never_falls():
    seen = [overall("analyse", stage + share)[1] for stage in range(5) for share in (0, 0.5, 0.99)]
    assert seen == sorted(seen)
    assert overall("analyse", 0.0) == ("look", 0.0)
    assert overall("analyse", 4.5)[0] == "pictures"
    assert overall("render", 0.999)[1] == pytest.approx(0.999)
