"""A mouth that moves is seen, a head that moves is not taken for one."""

import cv2
import numpy as np
import pytest
from vision.painting import Face, scene

from limelight.vision.faces import Moved, Step, measure_mouth

GROUND = scene(3)


def step(before: Face, after: Face, *, light: float = 1.0) -> Moved:
    earlier, later = (cv2.cvtColor(face.on(GROUND), cv2.COLOR_RGB2GRAY) for face in (before, after))
    later = np.round(later * light).astype(np.uint8)
    size = 0.72 * before.height  # what the cascade finds of the drawn face
    return measure_mouth(Step(earlier, later, before.x - size / 2, before.y - 0.43 * size, size))


@pytest.mark.parametrize("height", [60, 90, 140])
def test_the_wider_a_mouth_opens_the_more_it_moves(height: float) -> None:
    moves = [step(Face(height=height), Face(height=height, mouth=mouth)).mouth for mouth in (0, 0.3, 0.6, 1)]
    assert moves[0] == 0
    assert moves == sorted(moves)
    assert moves[1] > 0.03


@pytest.mark.parametrize(("right", "down"), [(3.0, 0.0), (-4.5, 2.5), (0.0, -5.0)])
def test_a_head_that_moves_is_followed_and_its_mouth_is_still(right: float, down: float) -> None:
    seen = step(Face(), Face(x=160 + right, y=90 + down))
    assert seen.right == pytest.approx(right, abs=0.5)
    assert seen.down == pytest.approx(down, abs=0.5)
    assert seen.mouth < 0.03
    assert step(Face(), Face(x=160 + right, y=90 + down, mouth=0.6)).mouth > 0.1


def test_a_change_of_light_does_not_move_a_mouth() -> None:
    assert step(Face(), Face(), light=0.7).mouth < 0.05


def test_nothing_is_said_of_a_face_that_is_gone() -> None:
    assert step(Face(x=80), Face(x=260)) == Moved(0.0, 0.0, 0.0)
