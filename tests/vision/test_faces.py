"""Faces are found, followed, counted, and believed only when seen again."""

import numpy as np
import pytest
from vision.painting import HEIGHT, RATE, WIDTH, Face, Image, plain, scene

from limelight.types import Picture
from limelight.vision.faces import SIGHTING, FaceWatcher, confirmed
from limelight.vision.frames import prepare

GROUND = plain((90, 110, 130))


def watched(images: list[Image]) -> np.ndarray:
    watcher = FaceWatcher()
    for i, image in enumerate(images):
        watcher.watch(prepare(Picture(i / RATE, image)))
    return confirmed(watcher.sightings())


@pytest.mark.parametrize("height", [50, 90, 150])
def test_a_face_is_found_in_its_place_and_size(height: float) -> None:
    faces = watched([Face(x=140, y=95, height=height).on(GROUND)] * 16)
    assert len(np.unique(faces["time_seconds"])) == 16
    np.testing.assert_allclose(faces["x"] * HEIGHT, 140 - WIDTH / 2, atol=0.1 * height)
    np.testing.assert_allclose(faces["y"] * HEIGHT, 95 - HEIGHT / 2, atol=0.2 * height)
    np.testing.assert_allclose(faces["height"] * HEIGHT, 0.85 * height, rtol=0.25)


def test_a_face_is_followed_as_one_as_it_crosses_the_picture() -> None:
    path = [Face(x=60 + 6 * i, height=70).on(GROUND) for i in range(32)]
    faces = watched(path)
    assert len(np.unique(faces["track"])) == 1
    np.testing.assert_allclose(faces["x"] * HEIGHT + WIDTH / 2, 60 + 6 * faces["time_seconds"] * RATE, atol=9)


def test_two_faces_are_two() -> None:
    both = Face(x=90, height=80).on(Face(x=230, height=80).on(GROUND))
    faces = watched([both] * 12)
    assert set(np.unique(faces["time_seconds"], return_counts=True)[1]) == {2}


@pytest.mark.parametrize("seed", range(3))
def test_no_face_is_seen_in_a_texture(seed: int) -> None:
    assert len(watched([scene(seed)] * 12)) == 0


def test_a_face_for_one_picture_does_not_count() -> None:
    assert len(watched([Face().on(GROUND)] + [GROUND] * 15)) == 0


def test_a_face_that_leaves_is_gone_within_a_search() -> None:
    faces = watched([Face().on(GROUND)] * 12 + [GROUND] * 12)
    assert faces["time_seconds"].max() <= 12 / RATE + 0.5


def test_a_face_that_flickers_is_not_believed() -> None:
    rows = [(0.5 * i, 7, 0, 0, 0.3, float(i in (0, 4)), 0) for i in range(8)]
    assert len(confirmed(np.array(rows, SIGHTING))) == 0
    rows = [(0.5 * i, 7, 0, 0, 0.3, float(i not in (2, 5)), 0) for i in range(8)]
    assert len(confirmed(np.array(rows, SIGHTING))) == 8
