"""Samples and bytes that wait on the disk come back as they were."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio.sounds import cut, noise
from films import Film, film_path

from limelight.errors import OutputError
from limelight.media.probe import probe
from limelight.media.target import ByteSpool, scratch_beside
from limelight.mixing.chunks import READ_SAMPLES, AudioSpool, check_room


def whole(sound: AudioSpool) -> np.ndarray:
    return np.concatenate(list(sound.blocks()), axis=1)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_what_waits_is_the_very_same_and_can_be_read_again(tmp_path: Path, channels: int) -> None:
    samples = noise(channels, 2 * READ_SAMPLES + 77)
    samples[:, :3] = [-0.0, 1e-40, 7.5]
    with scratch_beside(tmp_path / "film.mp4") as scratch:
        waiting = AudioSpool(scratch, channels, tmp_path / "film.mp4")
        for block in cut(samples, [1, 5000, 60_000]):
            waiting.add(block)
        for _ in range(2):
            assert whole(waiting).tobytes() == samples.tobytes()
        next(waiting.blocks())  # a reading that is left half way
        waiting.add(samples[:, :10])
        np.testing.assert_array_equal(whole(waiting)[:, -10:], samples[:, :10])
    assert not list(tmp_path.iterdir())


def test_any_bytes_wait_and_are_read_from_anywhere(tmp_path: Path) -> None:
    with scratch_beside(tmp_path / "film.mp4") as scratch:
        waiting = ByteSpool(scratch, tmp_path / "film.mp4")
        waiting.add(b"look ")
        assert waiting.read(0, 4) == b"look"
        waiting.add(b"and listen")
        assert (waiting.read(9, 100), waiting.read(5, 3), waiting.read(99, 1)) == (b"listen", b"and", b"")
        assert waiting.size == 15


def test_nothing_waits() -> None:
    assert list(AudioSpool(io.BytesIO(), 2, Path("film.mp4")).blocks()) == []


def test_too_little_room_is_told_before_the_work(tmp_path: Path) -> None:
    info = probe(film_path(Film(seconds=1.0)))
    check_room(tmp_path / "out.mp4", info, info.soundtracks[0])
    endless = replace(info, duration_seconds=1e15)
    with pytest.raises(OutputError, match=r"takes \d+\.\d GB, there are"):
        check_room(tmp_path / "out.mp4", endless, endless.soundtracks[0])


def test_a_full_disk_is_told() -> None:
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"film\.mp4: the disk is full"):
        AudioSpool(Full(), 1, Path("film.mp4")).add(noise(1, 10))
