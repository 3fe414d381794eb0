"""A film that changes under us is refused, not mixed from two halves."""

import os
import shutil
from dataclasses import replace

import pytest
from films import Film, film_path

from limelight.errors import InputError
from limelight.media.copy_streams import check_unchanged
from limelight.media.probe import probe
from limelight.media.read_audio import read_audio
from limelight.media.sample_frames import sample_frames
from limelight.media.write import write_with_soundtrack


@pytest.fixture
def film(tmp_path):
    return shutil.copy(film_path(Film()), tmp_path / "film.mp4")


def later(path, seconds=10):
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + seconds))


def test_a_film_left_alone_is_the_same(film):
    check_unchanged(probe(film))
    check_unchanged(replace(probe(film), written_ns=None))  # of a record that was not probed


def test_longer_rewritten_or_gone_is_told(film):
    info = probe(film)
    later(film)
    with pytest.raises(InputError, match="changed while it was read"):
        check_unchanged(info)
    film.write_bytes(film.read_bytes() + b"more")
    with pytest.raises(InputError, match="changed while it was read"):
        check_unchanged(replace(info, written_ns=None))
    film.unlink()
    with pytest.raises(InputError, match="No such file"):
        check_unchanged(info)


@pytest.mark.parametrize(
    "pass_over", [sample_frames, lambda info: read_audio(info, info.soundtracks[0])], ids=["look", "listen"]
)
def test_every_pass_notices_at_its_start_and_at_its_end(film, pass_over):
    info = probe(film)
    pieces = pass_over(info)
    next(pieces)
    later(film)
    with pytest.raises(InputError, match="changed while it was read"):
        list(pieces)
    with pytest.raises(InputError, match="changed while it was read"):
        next(pass_over(info))


def test_nothing_is_written_from_two_films(film, tmp_path):
    info = probe(film)
    blocks = list(read_audio(info, info.soundtracks[0]))
    later(film)
    with pytest.raises(InputError, match="changed while it was read"):
        write_with_soundtrack(info, info.soundtracks[0], blocks, tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
