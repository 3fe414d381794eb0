"""Lettering is told from texture; regions: what touches is one, what does not is another, however it winds."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from vision.painting import Image, plain, scene

from limelight.vision.images import closed_across, regions, text_share


def mask(*rows: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in row] for row in rows])


def test_boxes_and_pixels_of_each() -> None:
    found = regions(mask("##...", "##..#", "....#", "#...."))
    assert sorted(map(tuple, found.tolist())) == [(0, 0, 2, 2, 4), (0, 3, 1, 1, 1), (4, 1, 1, 2, 2)]


def test_corners_do_not_join_but_a_spiral_is_one() -> None:
    assert len(regions(mask("#.", ".#"))) == 2
    spiral = mask("#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######")
    assert regions(spiral).tolist() == [[0, 0, 7, 7, int(spiral.sum())]]


def test_nothing_has_no_regions_and_everything_is_one() -> None:
    assert regions(np.zeros((5, 7), bool)).shape == (0, 5)
    assert regions(np.ones((5, 7), bool)).tolist() == [[0, 0, 7, 5, 35]]


def test_closing_fills_gaps_up_to_its_reach() -> None:
    closed = closed_across(mask("#........#.........#"), 4)
    assert closed[0, :10].all()
    assert not closed[0, 11:18].any()


@pytest.mark.parametrize("share", [0.1, 0.4, 0.55, 0.62, 0.9])
def test_random_masks_as_flood_filling_them(share: float) -> None:
    drawn = np.random.default_rng(1).random((30, 41)) < share
    left = drawn.copy()
    found = []
    for start in np.argwhere(drawn).tolist():
        places, filled = [tuple(start)], []
        while places:
            y, x = places.pop()
            if 0 <= y < 30 and 0 <= x < 41 and left[y, x]:
                left[y, x] = False
                filled.append((y, x))
                places += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        if filled:
            rows, columns = zip(*filled, strict=True)
            box = (min(columns), min(rows), max(columns) - min(columns) + 1, max(rows) - min(rows) + 1, len(filled))
            found.append(box)
    assert sorted(map(tuple, regions(drawn).tolist())) == sorted(found)


def grey(image: Image) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def titled(ground: Image, lines: int, *, scale: float = 0.6) -> Image:
    image = ground.copy()
    for line in range(lines):
        cv2.putText(image, "A FILM BY NOBODY", (50, 60 + 30 * line), 0, scale, (255, 255, 255), 1, cv2.LINE_AA)
    return image


def test_a_plain_picture_has_no_text() -> None:
    assert text_share(grey(plain((40, 60, 80)))) == 0


@pytest.mark.parametrize("seed", range(6))
def test_texture_is_not_text(seed: int) -> None:
    assert text_share(grey(scene(seed))) < 0.004


def test_more_lines_are_more_text() -> None:
    shares = [text_share(grey(titled(plain((30, 40, 70)), lines))) for lines in range(4)]
    assert shares[0] == 0
    assert all(more > less + 0.01 for less, more in pairwise(shares))


def test_upright_bars_are_not_text() -> None:
    fence = plain((40, 40, 40))
    fence[:, ::12] = 230
    assert text_share(grey(fence)) == 0
