"""Lettering is told from texture."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from vision.painting import Image, plain, scene

from limelight.vision.lettering import text_share


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
