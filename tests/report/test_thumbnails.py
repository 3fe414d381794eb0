from itertools import pairwise

import cv2
import numpy as np
import pytest
from films import Film, film_path
from invented import invented_plan

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.report.thumbnails import HEIGHT, MOST_CELLS, WIDEST, jpeg, strip_cells, thumbnails


@pytest.mark.parametrize("shots", [1, 2, 7, 24, 25, 500])
def test_cells_lie_end_to_end_and_are_few(shots):
    cells = strip_cells(invented_plan(90.0, shots=shots).shots, 90.0)
    edges = [cell.start_seconds for cell in cells] + [cells[-1].end_seconds]
    assert edges[0] == 0
    assert edges[-1] == pytest.approx(90)
    assert all(a.end_seconds == pytest.approx(b.start_seconds) for a, b in pairwise(cells))
    assert len(cells) <= MOST_CELLS


@pytest.mark.parametrize("shots", [1, 5, 24, 100])
def test_a_picture_is_from_the_shot_it_stands_for(shots):
    plan = invented_plan(90.0, shots=shots)
    for cell in strip_cells(plan.shots, 90.0):
        shot = plan.shots[cell.shot]
        assert shot.start_seconds <= cell.middle_seconds <= shot.end_seconds


def test_every_shot_of_a_few_has_a_picture():
    assert {cell.shot for cell in strip_cells(invented_plan(10.0, shots=16).shots, 10.0)} == set(range(16))


def test_no_shots_no_strip():
    assert strip_cells([], 10.0) == []


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1].astype(float)


@pytest.mark.parametrize("container", ["mp4", "ts", "mkv"])
def test_pictures_show_their_part_of_the_film(container):
    film = film_path(Film(container=container, seconds=4.0, size=(96, 64)))
    cells = strip_cells(invented_plan(4.0, shots=4).shots, 4.0)
    seen = list(sample_frames(probe(film), pictures_per_second=25, height=HEIGHT))
    for cell, data in zip(cells, thumbnails(film, cells), strict=True):
        image = decoded(data)
        assert image.shape == (HEIGHT, 180, 3)
        apart = [np.abs(image - picture.image).mean() for picture in seen]
        best = seen[int(np.argmin(apart))]
        assert cell.from_seconds <= best.time_seconds <= cell.until_seconds
        assert min(apart) < 6


def test_beyond_the_end_there_is_no_picture_or_the_last():
    film = film_path(Film(container="mp4", seconds=4.0, size=(96, 64)))
    cells = strip_cells(invented_plan(400.0, shots=4).shots, 400.0)
    assert len(thumbnails(film, cells)) == len(cells)


def test_very_wide_pictures_are_cut():
    assert decoded(jpeg(np.zeros((HEIGHT, 2000, 3), np.uint8))).shape[1] == WIDEST
