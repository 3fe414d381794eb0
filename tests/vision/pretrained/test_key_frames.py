from itertools import pairwise

import numpy as np
import pytest
from vision.painting import film
from vision.pretrained.fakes import SCENES, SHOT_PICTURES, three_shots

from limelight.types import Shot
from limelight.vision.pretrained.sampling import LONGEST_PART_SECONDS, frame_buffer, parts_of

SHOTS = tuple(Shot(2.0 * k, 2.0 * k + 2, {}) for k in range(3))


def test_each_shot_is_spoken_for_by_its_middle() -> None:
    with frame_buffer() as room:
        assert sum(1 for _ in room.watch(three_shots())) == 3 * SHOT_PICTURES
        frames = room.key_frames(SHOTS)
        assert [(f.start_seconds, f.end_seconds) for f in frames] == [(0, 2), (2, 4), (4, 6)]
        for k, frame in enumerate(frames):
            assert abs(frame.picture_seconds - (2 * k + 1)) <= 0.5
            difference = np.abs(frame.image.astype(int) - SCENES[k].astype(int))
            assert difference.mean() < 4  # JPEG
        folder = frames[0].path.parent
    assert not folder.exists()


def test_long_shots_are_asked_about_again() -> None:
    parts = parts_of(Shot(10.0, 22.0, {}))
    assert parts == [(10, 14), (14, 18), (18, 22)]
    assert all(after[0] == before[1] for before, after in pairwise(parts))
    assert parts_of(Shot(0.0, LONGEST_PART_SECONDS, {})) == [(0, LONGEST_PART_SECONDS)]


def test_a_shot_without_a_picture_of_its_own_shows_the_one_before() -> None:
    with frame_buffer() as room:
        list(room.watch(film(lambda i: SCENES[0], 16)))  # held for ever after
        frames = room.key_frames((Shot(0.0, 2.0, {}), Shot(2.0, 4.0, {})))
        assert frames[1].picture_seconds == max(f.picture_seconds for f in frames) < 2


@pytest.mark.parametrize("pictures", [[], [0]])
def test_no_key_frame_before_the_first_picture(pictures: list[int]) -> None:
    with frame_buffer() as room:
        list(room.watch(p for p in film(lambda i: SCENES[0], 40) if pictures and p.time_seconds >= 4))
        frames = room.key_frames((Shot(0.0, 3.0, {}), Shot(3.0, 5.0, {})))
        assert [f.start_seconds for f in frames] == ([3.0] if pictures else [])
