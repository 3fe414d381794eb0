from pathlib import Path

import numpy as np
import pytest
from films import Film, film_path
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.films import FRAME_HEIGHT, BuildSettings, Slides, cut_out
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.media.probe import probe


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 40_000), min_size=1, max_size=12),
    st.lists(st.integers(0, 60_000), min_size=0, max_size=5),
)
def test_clips_are_cut_out_of_blocks_of_any_size(sizes: list[int], gaps: list[int]) -> None:
    length, seconds = 12_000, 0.25
    whole = np.arange(sum(sizes), dtype=np.float32)[None, None].repeat(3, axis=0)  # [K, 1, N]
    blocks = np.split(whole, np.cumsum(sizes)[:-1], axis=2)
    starts = [sum(gaps[: n + 1]) + n * length for n in range(len(gaps))]
    found = list(cut_out(iter(blocks), [start / SAMPLE_RATE for start in starts], seconds))
    wished = [whole[:, :, start : start + length] for start in starts if start + length <= sum(sizes)]
    assert len(found) == len(wished)
    assert all(np.array_equal(one, other) for one, other in zip(found, wished, strict=True))


def test_rounding_costs_no_sample() -> None:
    starts = [0.500010416, 0.750010416 - 3e-6, 1.000010416 - 6e-6]
    blocks = np.split(np.zeros((3, 1, 72_000), np.float32), range(36_000, 72_000, 12_000), axis=2)
    assert [clip.shape[2] for clip in cut_out(blocks, starts, 0.25)] == [12_000] * 3


def test_slides_are_one_a_second_within_the_clip() -> None:
    slides = Slides(probe(film_path(Film(seconds=6.0, sound=None))))
    first, second = slides.between(0.0, 2.0), slides.between(3.4, 5.4)
    assert [picture.time_seconds for picture in first] == pytest.approx([0.0, 1.0])
    assert [picture.time_seconds for picture in second] == pytest.approx([4.0, 5.0])
    assert first[0].image.shape[0] == FRAME_HEIGHT


def test_a_sound_has_no_slides() -> None:
    assert Slides(probe(film_path(Film("wav", picture=None, sound="pcm_s16le")))).between(0.0, 9.0) == []


@pytest.mark.parametrize("seconds", [0.5, 601.0, float("nan")])
def test_lengths_out_of_range_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="1 to 600 s"):
        BuildSettings(clip_seconds=seconds)


def test_no_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one recipe"):
        BuildSettings(recipes=())
