from itertools import pairwise

import numpy as np
import pytest

from research.painted.render import SCENES, picture_frames
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
