"""Scene boundaries are cuts behind which the picture says something else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixing.scenes import filmed

from limelight.types import Cues
from limelight.vision.cues import CUE_NAMES
from limelight.vision.shots import APART, SHORTEST_SCENE_SECONDS, rows_within, scene_boundaries


def scenes(*lengths: int, cuts: tuple[float, ...], step: float = 1.0) -> Cues:
    """Scenes of so many seconds, each as far from the one before as `step` times the distance that counts."""
    values = np.concatenate([np.full((length, len(CUE_NAMES)), i % 2, np.float32) for i, length in enumerate(lengths)])
    return filmed(sum(lengths), *cuts, values=values * np.float32(1.01 * step * APART / len(CUE_NAMES) ** 0.5))


def test_a_cut_to_another_picture_is_a_boundary_one_to_the_like_is_none() -> None:
    assert scene_boundaries(scenes(6, 7, 8, cuts=(3.0, 6.0, 10.0, 13.0))) == (6.0, 13.0)
    assert scene_boundaries(scenes(6, 7, 8, cuts=(6.0, 13.0), step=0.9)) == ()
    assert scene_boundaries(scenes(6, 7, 8, cuts=())) == ()


def test_boundaries_stand_apart() -> None:
    found = scene_boundaries(scenes(*[2] * 15, cuts=tuple(range(2, 30, 2))))
    assert all(later - earlier >= SHORTEST_SCENE_SECONDS for earlier, later in zip((0.0, *found), found, strict=False))
    assert scene_boundaries(scenes(2, 8, cuts=(2.0,))) == ()


def test_of_nothing_nothing() -> None:
    assert scene_boundaries(Cues(CUE_NAMES, np.zeros((0, len(CUE_NAMES)), np.float32), filmed(8, 4.0).shots)) == ()
    assert len(rows_within(0, 3, 0)) == 0


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [
        (0, 3, [0, 1, 2]),
        (0.4, 2.6, [0, 1, 2]),
        (0.6, 2.4, [1]),
        (1.6, 1.9, [2]),
        (0, 0.2, [0]),
        (2.9, 9, [3]),
        (7, 9, [3]),
    ],
)
def test_rows_belong_to_where_their_middle_lies(start: float, end: float, rows: list[int]) -> None:
    np.testing.assert_array_equal(rows_within(start, end, 4), rows)


@given(st.lists(st.floats(0, 20), min_size=2, max_size=6, unique=True).map(sorted))
def test_stretches_side_by_side_share_no_row(edges: list[float]) -> None:
    parts = [rows_within(a, b, 25) for a, b in itertools.pairwise(edges) if b - a >= 1]
    rows = np.concatenate([np.zeros(0, np.int64), *parts])
    assert len(np.unique(rows)) == len(rows)
