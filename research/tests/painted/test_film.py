from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.types import Cues
from research.painted.film import cues_of, write_film
from research.painted.render import picture_frames
from research.tests.painted.staging import board, take, timing


def film(path: Path) -> Path:
    pictures = picture_frames(board(take("land", seconds=2.0)), timing(), size=(96, 54), frames_per_second=12.5)
    write_film(pictures, path, frames_per_second=12.5, quality=20)
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "film.mp4"))
    assert info.picture is not None
    assert (info.picture.width, info.picture.height, info.picture.codec) == (96, 54, "h264")
    assert info.duration_seconds == pytest.approx(2.0, abs=0.09)
    drawn = picture_frames(board(take("land", seconds=2.0)), timing(), size=(96, 54), frames_per_second=12.5)
    seen = list(sample_frames(info, pictures_per_second=12.5, height=54))
    for picture, true in zip(seen, drawn, strict=True):
        assert np.abs(picture.image.astype(float) - true).mean() < 8


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    assert film(tmp_path / "one.mp4").read_bytes() == film(tmp_path / "other.mp4").read_bytes()


def watched(**how: object) -> Cues:
    sound = timing(4.0, until=2.0)
    return cues_of(board(take("person", 3, **how)), sound)


def test_the_encoder_sees_a_face_whose_mouth_moves_while_there_is_speech() -> None:
    speaking, listening = watched(), watched(speaking=None)
    assert speaking.values.shape[0] == 4
    assert speaking.column("face_present").mean() > 0.8
    mouth = speaking.column("mouth")
    assert mouth[:2].min() > 0.1
    assert mouth[3] < 0.5 * mouth[:2].min()
    assert listening.column("mouth").max() < 0.5 * mouth[:2].min()


def test_the_encoder_sees_an_impact_in_the_second_of_the_hit() -> None:
    sound = timing(4.0, talks=False, hits=(2.5,))
    impact = cues_of(board(replace(take("blast", 5), seed=6)), sound).column("impact")
    assert int(np.argmax(impact)) == 2
    assert impact[2] > 0.4
