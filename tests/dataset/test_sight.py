from pathlib import Path

import numpy as np
import pytest
from films import Film, film_path

from limelight.dataset.films import FilmCues, watch_film
from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import PictureStatistics

FILM = Film(seconds=6.0, sound=None)


@pytest.fixture(scope="module")
def sight() -> FilmCues:
    return watch_film(probe(film_path(FILM)))


def test_from_the_beginning_the_numbers_are_the_encoders_own(sight: FilmCues) -> None:
    info = probe(film_path(FILM))
    whole = PictureStatistics().encode(sample_frames(info), duration_seconds=6.0)
    np.testing.assert_allclose(sight.cues(0.0, 6.0), whole.values, atol=1e-6, rtol=0)
    np.testing.assert_allclose(sight.cues(2.0, 3.0), whole.values[2:5], atol=1e-6, rtol=0)


def test_a_clips_seconds_begin_with_the_clip(sight: FilmCues) -> None:
    key = CUE_NAMES.index("key")
    bright = sight.cues(0.5, 4.0)[:, key]
    whole = sight.cues(0.0, 6.0)[:, key]
    for second in range(4):  # the mean over half of each of two seconds lies between theirs, more or less
        low, high = sorted(whole[second : second + 2])
        assert low - 0.05 <= bright[second] <= high + 0.05
    assert sight.cues(1.25, 2.5).shape == (3, len(CUE_NAMES))


def test_cuts_are_told_from_the_clips_beginning(sight: FilmCues) -> None:
    made = FilmCues(6.0, np.array([1.0, 3.5, 9.0]), sight.columns)
    assert made.cuts_within(1.0, 5.0) == [2.5]
    assert made.cuts_within(0.0, 10.0) == [1.0, 3.5, 9.0]


def test_a_sound_is_not_seen(tmp_path: Path) -> None:
    blind = watch_film(probe(film_path(Film("wav", picture=None, sound="pcm_s16le", seconds=2.0))))
    assert not blind.cues(0.0, 2.0).any()
    assert blind.cuts_within(0.0, 2.0) == []
