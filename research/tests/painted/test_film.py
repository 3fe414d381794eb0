from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.types import Cues
from research.painted.film import SCENES, cues_of, picture_frames, write_film
from research.painted.storyboard import ACTION, KINDS, SCENERY, draw_storyboard
from research.tests.painted.staging import board, take, timing

SIZE = (96, 54)


def test_every_subject_has_a_scene() -> None:
    assert set(SCENES) == {"person", *ACTION, *SCENERY}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_storyboard_gives_the_same_pictures(kind: str) -> None:
    storyboard = draw_storyboard(np.random.default_rng(2), kind, 3.0)  # type: ignore[arg-type]
    one, again = (
        list(picture_frames(storyboard, timing(3.0, hits=(1.0,)), size=SIZE, frames_per_second=4)) for _ in "ab"
    )
    assert len(one) == 12
    assert all(picture.shape == (54, 96, 3) and picture.dtype == np.uint8 for picture in one)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert np.mean([picture.std() for picture in one]) > 5


@pytest.mark.parametrize(("seconds", "rate", "count"), [(1.0, 12.5, 13), (1.0, 25, 25), (0.9, 10, 9), (0.3, 8, 3)])
def test_as_many_pictures_as_begin_within_the_clip(seconds: float, rate: float, count: int) -> None:
    shown = board(take("stills", seconds=seconds))
    assert len(list(picture_frames(shown, timing(), size=SIZE, frames_per_second=rate))) == count


def test_a_cut_is_where_the_storyboard_says() -> None:
    first, second = take("land", 1, seconds=1.0), take("titles", 2, seconds=2.0)
    cut = board(first, type(second)(1.0, 2.0, "titles", "night", 2, 2))
    pictures = [p.astype(float) for p in picture_frames(cut, timing(), size=SIZE, frames_per_second=8)]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(pictures)]
    assert int(np.argmax(steps)) == 7  # from the eighth picture to the ninth, the one at 1 s


@pytest.mark.parametrize("size", [(95, 54), (96, 53), (16, 16)])
def test_odd_and_tiny_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even width and height"):
        next(picture_frames(board(take("land")), timing(), size=size))


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
