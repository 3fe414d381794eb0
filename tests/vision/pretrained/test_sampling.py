import numpy as np
import pytest

from limelight.types import Picture
from limelight.vision.pretrained.sampling import embedding_names, held, kept_frames, nearest, unit_length

BLANK = np.zeros((4, 4, 3), np.uint8)


def kept(times: list[float], *, cells_per_second: int = 1) -> dict[int, float]:
    taken: dict[int, float] = {}
    pictures = [Picture(time, BLANK) for time in times]
    passed = list(
        kept_frames(pictures, lambda c, p: taken.update({c: p.time_seconds}), cells_per_second=cells_per_second)
    )
    assert passed == pictures
    return taken


def test_the_picture_nearest_to_the_middle_of_its_second_is_kept() -> None:
    assert kept([0.0, 0.4, 0.8, 1.1, 1.9, 4.0, 4.99]) == {0: 0.4, 1: 1.1, 4: 4.99}
    assert kept([0.0, 0.2, 0.4, 0.6, 0.9], cells_per_second=2) == {0: 0.2, 1: 0.6}
    assert kept([]) == {}


def test_ntsc_pictures_never_drift() -> None:
    """By counting 29 pictures a second, an hour would be off by two minutes."""
    taken = kept([i * 1001 / 30000 for i in range(30 * 120)])
    assert sorted(taken) == list(range(121))
    assert max(abs(time - second - 0.5) for second, time in taken.items() if second < 120) < 0.02


def test_a_second_without_a_new_picture_has_the_one_before() -> None:
    rows = held({1: np.float32([1, 2]), 3: np.float32([3, 4])}, 2, duration_seconds=4.2)
    assert rows.tolist() == [[0, 0], [1, 2], [1, 2], [3, 4], [3, 4]]


def test_every_row_has_length_one_or_is_zeros() -> None:
    rows = unit_length(np.float32([[3, 4], [0, 0], [1e-20, 0]]))
    assert rows[0] == pytest.approx([0.6, 0.8])
    assert not rows[1].any()
    assert rows[2, 0] == pytest.approx(1, abs=1e-3)


def test_names_are_distinct_and_in_order() -> None:
    names = embedding_names("clip", 768)
    assert list(names) == sorted(set(names))
    assert names[-1] == "clip_0767"


def test_the_picture_nearest_to_each_time_is_found() -> None:
    pictures = [Picture(time, BLANK) for time in (0.0, 0.4, 0.8, 5.0)]
    found = [picture.time_seconds for picture in nearest(iter(pictures), [0.5, 0.0, 3.0, 99.0, 0.5]) if picture]
    assert found == [0.4, 0.0, 5.0, 5.0, 0.4]
    assert nearest([], [1.0]) == [None]
