"""One pass over the pictures, holding next to nothing."""

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from vision.painting import Face, film, plain, scene

from limelight.types import Picture
from limelight.vision.summary import MOMENT, observe_frames

PICTURES = [scene(1), scene(2), Face().on(plain((90, 110, 130)))]


def test_one_row_a_picture_with_its_time() -> None:
    seen = observe_frames(film(lambda i: PICTURES[i % 3], 9))
    np.testing.assert_allclose(seen.moments["time_seconds"], np.arange(9) / 8)


def test_no_pictures_are_no_rows() -> None:
    seen = observe_frames([])
    assert (len(seen.moments), len(seen.faces)) == (0, 0)


@pytest.mark.slow
def test_it_does_not_matter_how_the_stream_is_cut_into_pieces() -> None:
    pictures = list(film(lambda i: PICTURES[i // 4 % 3], 24))

    def in_pieces() -> Iterator[Picture]:
        for start in range(0, 24, 5):
            yield from pictures[start : start + 5]

    whole, pieces = observe_frames(pictures), observe_frames(in_pieces())
    assert whole.moments.tobytes() == pieces.moments.tobytes()
    assert len(whole.faces) == len(pieces.faces)


@pytest.mark.slow
def test_pictures_are_let_go_as_they_pass() -> None:
    alive: list[weakref.ref[np.ndarray]] = []
    most = 0

    def pictures() -> Iterator[Picture]:
        nonlocal most
        for i in range(20):
            image = PICTURES[i % 3].copy()
            alive.append(weakref.ref(image))
            yield Picture(i / 8, image)
            del image
            gc.collect()
            most = max(most, sum(reference() is not None for reference in alive))

    observe_frames(pictures())
    assert most <= 3


def test_what_is_kept_is_a_few_hundred_bytes_a_picture() -> None:
    assert MOMENT.itemsize < 256


@pytest.mark.parametrize("heights", [(180, 90), (90, 180)])
def test_a_film_may_change_its_size_midway(heights: tuple[int, int]) -> None:
    images = [scene(3, width=height * 4 // 3, height=height) for height in heights]
    seen = observe_frames(film(lambda i: images[i // 4], 8))
    assert len(seen.moments) == 8
