"""One film of a batch: done once, known again by its bytes and settings, never at the cost of another file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from batch.invented_films import SETTINGS, make_films, make_sound
from fakes import remix_file

from limelight.batch import films as films_module
from limelight.batch.films import FilmRecord, FilmTask, do_film
from limelight.batch.settings import FilmSettings, digest
from limelight.errors import InputError, LimelightError, TargetExists
from limelight.media.probe import probe
from limelight.types import Cues, Picture
from limelight.vision.encoder import PictureStatistics

QUIET = lambda done: None  # noqa: E731


@pytest.fixture
def task(tmp_path: Path) -> FilmTask:
    source = make_sound(tmp_path / "in" / "talk.flac")
    return FilmTask(str(source), str(tmp_path / "out" / "talk.highlighted"), FilmSettings(**SETTINGS))


def test_a_film_is_done_once(task: FilmTask) -> None:
    shares: list[float] = []
    first = do_film(task, shares.append)
    target = Path(first.record.target)
    assert target.name == "talk.highlighted.flac"
    assert not first.before
    assert first.record.changed
    assert first.record.result_sha256 == digest(target)
    assert shares == sorted(shares)
    assert 0 < shares[-1] <= 1
    written = target.stat()
    assert do_film(task, QUIET).before
    os.utime(task.source)  # another date, the same bytes
    assert do_film(task, QUIET).before
    assert FilmRecord.read(task.record).source_stamp.changed == str(Path(task.source).stat().st_mtime_ns)
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert [path.name for path in target.parent.iterdir() if path.suffix != ".flac"] == [".limelight"]


def test_other_bytes_or_settings_do_not_replace_a_result(task: FilmTask) -> None:
    target = Path(do_film(task, QUIET).record.target)
    before = digest(target)
    other = replace(task, settings=FilmSettings(**SETTINGS | {"speech_db": -6.0}))
    with pytest.raises(TargetExists, match="other bytes or settings; use --force"):
        do_film(other, QUIET)
    make_sound(Path(task.source), seed=9)
    with pytest.raises(TargetExists, match="other bytes"):
        do_film(task, QUIET)
    assert digest(target) == before
    done = do_film(replace(other, force=True), QUIET)
    assert not done.before
    assert digest(target) == done.record.result_sha256 != before
    assert do_film(replace(other, force=True), QUIET).before  # force replaces what is other, not what is the same


def test_a_file_of_somebody_else_is_left_alone(task: FilmTask) -> None:
    target = Path(task.target + ".flac")
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(TargetExists, match="something else"):
        do_film(task, QUIET)
    assert target.read_bytes() == b"mine"
    plan = Path(task.target + ".plan.json")
    target.rename(plan)
    with pytest.raises(TargetExists, match=r"plan\.json"):
        do_film(replace(task, settings=replace(task.settings, plan=True)), QUIET)
    assert plan.read_bytes() == b"mine"


@pytest.mark.parametrize("moment", ["before the result", "after the result"])
def test_a_death_between_the_two_records_is_healed(
    task: FilmTask, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Death(BaseException):
        pass

    def dies(*args: object, **more: object) -> None:
        raise Death

    with monkeypatch.context() as patch:
        if moment == "before the result":
            patch.setattr("limelight.api.highlight_with", dies)
        else:
            patch.setattr(films_module, "_settled", dies)
        with pytest.raises(Death):
            do_film(task, QUIET)
    assert FilmRecord.read(task.record).state == "begun"
    target = Path(task.target + ".flac")
    assert target.exists() == (moment == "after the result")
    done = do_film(task, QUIET)
    assert done.before == (moment == "after the result")
    assert done.record.state == "done"
    assert done.record.result.size_bytes == target.stat().st_size


def test_two_at_once_leave_one_result(task: FilmTask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that was thought dead comes back: its film was given to another meanwhile."""
    made = films_module._made

    def overtaken(*args: object) -> object:
        with monkeypatch.context() as patch:
            patch.setattr(films_module, "_made", made)
            do_film(task, QUIET)
        return made(*args)

    monkeypatch.setattr(films_module, "_made", overtaken)
    done = do_film(task, QUIET)
    assert done.before
    assert digest(Path(done.record.target)) == done.record.result_sha256


def test_plan_and_page_come_with_it(task: FilmTask) -> None:
    wished = replace(task, settings=replace(task.settings, plan=True, report=True))
    done = do_film(wished, QUIET)
    assert [Path(place).name for place in done.record.also] == ["talk.highlighted.plan.json", "talk.highlighted.html"]
    assert json.loads(Path(done.record.also[0]).read_text())["source"]["name"] == "talk.flac"
    assert do_film(wished, QUIET).before
    assert do_film(task, QUIET).before  # who wishes less has it too
    Path(done.record.also[1]).unlink()
    assert not do_film(wished, QUIET).before
    assert Path(done.record.also[1]).exists()


def test_a_page_that_is_wished_later_is_made_later(task: FilmTask) -> None:
    target = Path(do_film(task, QUIET).record.target)
    before = digest(target)
    wished = replace(task, settings=replace(task.settings, report=True))
    page = Path(task.target + ".html")
    page.write_text("mine")
    with pytest.raises(TargetExists, match="something else"):
        do_film(wished, QUIET)
    assert page.read_text() == "mine"
    page.unlink()
    assert do_film(wished, QUIET).record.also == (str(page),)
    assert page.exists()
    assert digest(target) == before


def test_a_death_before_the_page_is_healed(task: FilmTask, monkeypatch: pytest.MonkeyPatch) -> None:
    wished = replace(task, settings=replace(task.settings, plan=True, report=True))
    with monkeypatch.context() as patch:
        patch.setattr(films_module, "write_report", lambda *args, **more: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            do_film(wished, QUIET)
    assert Path(task.target + ".flac").exists()
    assert Path(task.target + ".plan.json").exists()
    done = do_film(wished, QUIET)
    assert all(Path(place).exists() for place in done.record.also)


def test_stems_of_a_film_are_part_of_it(tmp_path: Path) -> None:
    """The sum of the tracks; other bytes of a stem are another film, another date is not."""
    film = make_sound(tmp_path / "in" / "bed.flac", seed=1)
    voice = make_sound(tmp_path / "in" / "voice.wav", seed=2)
    settings = FilmSettings().changed({"stem": "speech=voice.wav", "tracks": "0=effects"}, str(tmp_path / "in"))
    task = FilmTask(str(film), str(tmp_path / "out" / "film"), settings)
    done = do_film(task, QUIET).record
    assert any("speech" in note or "effects" in note for note in done.notes)
    os.utime(voice)
    assert do_film(task, QUIET).before
    make_sound(voice, seed=3)
    with pytest.raises(TargetExists, match="other bytes"):
        do_film(task, QUIET)
    voice.unlink()
    with pytest.raises(InputError, match=r"voice\.wav: there is no such file"):
        do_film(task, QUIET)


def test_another_soundtrack_beside_the_old_one(task: FilmTask, tmp_path: Path) -> None:
    wishes = {"add_track": True, "default_track": "mix", "audio_codec": "aac", "audio_bitrate": "96k", "style": "film"}
    source = make_films(tmp_path / "in", 1)[0]
    other = FilmTask(str(source), str(tmp_path / "out" / "film"), task.settings.changed(wishes))
    info = probe(Path(do_film(other, QUIET).record.target))
    assert [track.codec for track in info.soundtracks] == ["flac", "aac"]
    assert [track.is_default for track in info.soundtracks] == [False, True]
    assert info.soundtracks[1].title == "Rebalanced (film)"


def test_what_is_wrong_is_said_in_one_line(task: FilmTask, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        do_film(replace(task, source=str(tmp_path / "none.mkv")), QUIET)
    Path(task.source).write_text("no film")
    with pytest.raises(LimelightError):
        do_film(task, QUIET)
    Path(task.record).parent.mkdir(parents=True)
    Path(task.record).write_text("{}")
    with pytest.raises(InputError, match="no record of a batch"):
        do_film(task, QUIET)


def test_a_worker_loads_the_networks_that_watch_once_for_all_its_films(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limelight.vision.pretrained import encoders

    loaded: list[str] = []

    class Watching:
        def __init__(self, name: str, *, device: str | None = None, offline: bool = False) -> None:
            loaded.append(name)

        def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
            measured = PictureStatistics().encode(pictures, duration_seconds=duration_seconds)
            return replace(measured, names=("a", "b"), values=np.zeros((len(measured.values), 2), np.float32))

    monkeypatch.setattr(encoders, "ClipFrames", Watching)
    model = remix_file(tmp_path / "clip.onnx", context="clip", context_width=2)
    settings = FilmSettings(model=str(model), context_model="tiny-clip")
    for film in make_films(tmp_path / "in", 2):
        done = do_film(FilmTask(str(film), str(tmp_path / "out" / film.stem), settings), QUIET)
        assert Path(done.record.target).exists()
    assert loaded == ["tiny-clip"]
