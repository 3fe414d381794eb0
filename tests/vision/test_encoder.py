"""The whole encoder: shapes, ranges, films with and without pictures."""

import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from vision.painting import RATE, Face, film, plain, scene

from limelight.types import Cues, Picture
from limelight.vision.cues import CUE_NAMES
from limelight.vision.encoder import Encoder, NoPicture, PictureStatistics

GROUND = plain((90, 110, 130))


def encoded(paint, count: int) -> Cues:
    return PictureStatistics().encode(film(paint, count), duration_seconds=count / RATE)


def check(cues: Cues, duration_seconds: float) -> None:
    """What holds of any film."""
    assert cues.names == CUE_NAMES
    assert cues.values.shape == (math.ceil(duration_seconds), len(CUE_NAMES))
    assert cues.values.dtype == np.float32
    assert np.all(np.isfinite(cues.values))
    assert np.all((cues.values >= 0) & (cues.values <= 1))
    assert cues.shots[0].start_seconds == 0
    assert cues.shots[-1].end_seconds == duration_seconds
    assert all(before.end_seconds == after.start_seconds for before, after in pairwise(cues.shots))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    images=st.lists(arrays(np.uint8, (12, 16, 3)), min_size=1, max_size=10),
    gaps=st.lists(st.floats(0.001, 3), min_size=10, max_size=10),
    start=st.floats(0, 2),
    duration_seconds=st.floats(0.01, 20),
)
def test_any_pictures_give_finite_numbers_in_range(
    images: list[np.ndarray], gaps: list[float], start: float, duration_seconds: float
) -> None:
    times = start + np.concatenate([[0], np.cumsum(gaps)])
    pictures = [Picture(float(time), image) for time, image in zip(times, images, strict=False)]
    check(PictureStatistics().encode(iter(pictures), duration_seconds=duration_seconds), duration_seconds)


@pytest.mark.parametrize("encoder", [PictureStatistics(), NoPicture()])
def test_sound_alone_is_zeros_and_one_shot(encoder: Encoder) -> None:
    cues = encoder.encode([], duration_seconds=7.3)
    check(cues, 7.3)
    assert not cues.values.any()
    assert len(cues.shots) == 1
    assert set(cues.shots[0].words.values()) == {"no picture"}


def test_not_looking_asks_for_no_picture() -> None:
    pictures = film(lambda i: GROUND, 8)
    assert not NoPicture().encode(pictures, duration_seconds=1).values.any()
    assert len(list(pictures)) == 8


def test_no_time_at_all_is_no_row_and_no_shot() -> None:
    cues = PictureStatistics().encode([], duration_seconds=0)
    assert (cues.values.shape, cues.shots) == ((0, len(CUE_NAMES)), ())


@pytest.mark.parametrize("duration_seconds", [-1.0, math.inf, math.nan])
def test_an_impossible_duration_is_refused(duration_seconds: float) -> None:
    with pytest.raises(ValueError, match="duration must be finite"):
        PictureStatistics().encode([], duration_seconds=duration_seconds)


@pytest.mark.slow
def test_a_speaker_is_told_from_a_listener() -> None:
    speaking = encoded(lambda i: Face(height=100, mouth=i % 4 / 3).on(GROUND), 32)
    silent = encoded(lambda i: Face(height=100, x=160 + 3 * math.sin(i)).on(GROUND), 32)
    assert speaking.column("mouth").min() > 3 * silent.column("mouth").max() + 0.1
    assert np.all(speaking.column("face_present") == 1)
    assert "a mouth moves" in speaking.shots[0].words["sound-related elements"]
    assert "the mouth is still" in silent.shots[0].words["sound-related elements"]


def test_shots_are_described_one_by_one() -> None:
    face, dark = Face(height=110).on(GROUND), np.round(scene(2) * 0.2).astype(np.uint8)
    cues = encoded(lambda i: face if i < 16 else dark, 32)
    first, second = cues.shots
    assert (first.end_seconds, second.start_seconds) == (2.0, 2.0)
    assert first.words["camera focus"].startswith("close-up")
    assert "low key" in second.words["tone"]
    assert first.words["appearance"] != second.words["appearance"]  # a face, and none


def test_the_rate_of_pictures_hardly_matters_for_what_they_show() -> None:
    image = scene(3)
    still = [
        PictureStatistics().encode(film(lambda i: image, int(4 * rate), rate=rate), duration_seconds=4.0)
        for rate in (2.0, 8.0, 24.0)
    ]
    np.testing.assert_allclose(still[0].values, still[1].values, atol=1e-3)
    np.testing.assert_allclose(still[2].values, still[1].values, atol=1e-3)


def test_seconds_before_the_first_picture_are_zeros() -> None:
    late = (Picture(picture.time_seconds + 2.5, picture.image) for picture in film(lambda i: GROUND, 8))
    cues = PictureStatistics().encode(late, duration_seconds=5)
    assert not cues.values[:2].any()
    assert np.all(cues.column("picture")[2:] == 1)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_film() -> None:
    def peak_bytes(minutes: float) -> int:
        images = [scene(seed) for seed in range(4)]
        tracemalloc.start()
        pictures = film(lambda i: images[i // 10 % 4].copy(), int(minutes * 60 * 2), rate=2.0)
        PictureStatistics().encode(pictures, duration_seconds=minutes * 60)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert peak_bytes(20) < peak_bytes(1) + 4_000_000
