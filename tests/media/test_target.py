"""A target is refused before the work, or whole after it."""

import os
import shutil
from collections import namedtuple
from contextlib import ExitStack
from pathlib import Path

import pytest
from films import Film, film_path, make_film

from limelight.errors import OutputError, TargetExists
from limelight.media.target import check_place, prepare_target, whole_or_absent


def test_a_good_target_is_given_in_full_and_nothing_is_left_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert prepare_target(film_path(Film()), "out.mp4") == tmp_path / "out.mp4"
    assert list(tmp_path.iterdir()) == []


def test_bad_places_are_refused(tmp_path):
    source = film_path(Film())
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.mp4").mkdir()
    for dest, said in (
        (tmp_path / "none" / "out.mp4", "there is no folder"),
        (tmp_path / "file" / "out.mp4", "there is no folder"),
        (tmp_path / "folder.mp4", "it is a folder"),
        (f"{tmp_path}/", "it is a folder"),
        (tmp_path / "out", "no suffix that tells the kind of file; use one of .mp4"),
        (tmp_path / ("x" * 300 + ".mp4"), "name is too long"),
        (tmp_path / "out.xyz", "unknown suffix"),
        (tmp_path / "a\0.mp4", "NUL"),
    ):
        with pytest.raises(OutputError, match=said):
            prepare_target(source, dest)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.mp4"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        prepare_target(film_path(Film()), tmp_path / "out.mp4")
    tmp_path.chmod(0o700)


def test_a_place_where_not_even_root_may_write_is_refused():
    with pytest.raises(OutputError, match=r"cannot write /proc/out\.mp4"):
        prepare_target(film_path(Film()), "/proc/out.mp4")


def test_existing_and_own_source_are_refused(tmp_path):
    source = make_film(Film(seconds=0.4), tmp_path / "film.mp4")
    other = tmp_path / "other.mp4"
    other.write_bytes(b"x")
    with pytest.raises(TargetExists, match="--force"):
        prepare_target(source, other)
    assert prepare_target(source, other, overwrite=True) == other
    with pytest.raises(OutputError, match="the source itself"):
        prepare_target(source, source, overwrite=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_what_is_no_file_stays_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "stream.json").symlink_to(tmp_path / "pipe.mp4")  # as /dev/stdout is one
    for dest in (tmp_path / "pipe.mp4", tmp_path / "stream.json", Path(os.devnull)):
        with pytest.raises(OutputError, match="pipe, socket or device"):
            check_place(film_path(Film()), dest, overwrite=True)


def test_too_little_room_is_told_before_the_work(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(OutputError, match="the disk is full"):
        prepare_target(film_path(Film()), tmp_path / "out.mp4")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_absent_after_any_failure(error, tmp_path):
    dest = tmp_path / "out.mp4"
    dest.write_bytes(b"old")

    def write_and_fail():
        with whole_or_absent(dest) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert dest.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [dest]


def test_whole_after_success_with_the_usual_rights(tmp_path):
    dest = tmp_path / "out.mp4"
    mask = os.umask(0o022)
    with whole_or_absent(dest) as temporary:
        temporary.write_bytes(b"new")
    os.umask(mask)
    assert dest.read_bytes() == b"new"
    assert dest.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [dest]


def test_what_the_system_says_while_a_file_is_written_is_told_as_ours(tmp_path):
    with pytest.raises(OutputError, match="the disk is full"), whole_or_absent(tmp_path / "out.txt"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_no_place(tmp_path):
    with pytest.raises(OutputError, match="the name is too long"):
        check_place(None, tmp_path / ("x" * 300))


@pytest.mark.parametrize("links", [True, False])
def test_of_two_runs_to_one_name_the_second_is_told(links, tmp_path, monkeypatch):
    if not links:  # as on FAT

        def refuse(self, target):
            raise PermissionError("no hard links here")

        monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    dest = tmp_path / "out.mp4"
    with ExitStack() as second:
        second.enter_context(whole_or_absent(dest, overwrite=False)).write_bytes(b"late")
        with whole_or_absent(dest, overwrite=False) as early:
            early.write_bytes(b"early")
        with pytest.raises(TargetExists, match="it has come to exist meanwhile"):
            second.close()
    assert dest.read_bytes() == b"early"
    with whole_or_absent(dest, overwrite=True) as late:
        late.write_bytes(b"late")
    assert dest.read_bytes() == b"late"
    assert list(tmp_path.iterdir()) == [dest]
