"""Faces are followed as one within a shot, never over a cut, with lips that do what was drawn."""

import numpy as np
import pytest
from vision.drawn_face import DrawnFace, Image, ground

from limelight.vision.face_tracks import FaceFollower, FaceTrack

RATE = 25


def followed(pictures: list[Image]) -> tuple[FaceTrack, ...]:
    follower = FaceFollower()
    for k, picture in enumerate(pictures):
        follower.watch(k / RATE, picture)
    return follower.tracks()


@pytest.mark.slow
def test_a_talking_face_that_crosses_the_picture_is_one_track() -> None:
    mouth = 0.5 + 0.5 * np.sin(2 * np.pi * 2 * np.arange(22) / RATE)
    (track,) = followed([DrawnFace(200 + 3 * k, 180, 160, mouth[k]).on(ground()) for k in range(22)])
    assert len(track.x) == 22
    np.testing.assert_allclose(track.x * 360, 200 + 3 * np.arange(22), atol=8)
    assert np.corrcoef(track.opening, mouth)[0, 1] > 0.95
    assert track.confidence.min() > 0.9


def test_two_faces_are_two_tracks() -> None:
    picture = DrawnFace(480, 180, 120).on(DrawnFace(150, 180, 150).on(ground()))
    tracks = followed([picture] * 12)
    assert sorted(round(float(track.x.mean() * 360), -1) for track in tracks) == [150, 480]


def test_a_cut_ends_a_track_though_the_next_face_is_at_the_same_place() -> None:
    bright = np.asarray(255 - ground() // 4, np.uint8)
    pictures = [DrawnFace(320, 180, 150).on(ground())] * 11 + [DrawnFace(325, 180, 150).on(bright)] * 11
    first, second = followed(pictures)
    assert first.times_seconds[-1] == pytest.approx(10 / RATE)
    assert second.times_seconds[0] == pytest.approx(11 / RATE)


def test_a_face_for_a_moment_is_no_track() -> None:
    wall, face = ground(), DrawnFace(320, 180, 100).on(ground())
    assert followed([wall] * 6 + [face] * 3 + [wall] * 8) == ()


def test_a_face_that_leaves_is_let_go_and_another_is_found() -> None:
    wall, face = ground(), DrawnFace(320, 180, 100).on(ground())
    tracks = followed([face] * 14 + [wall] * 16 + [face] * 12)
    assert len(tracks) == 2
    assert tracks[0].times_seconds[-1] < 1.2
    # What was measured on the wall after the face had gone does not count.
    late = tracks[0].times_seconds > 16 / RATE
    assert tracks[0].confidence[late].max(initial=0) < 0.5
