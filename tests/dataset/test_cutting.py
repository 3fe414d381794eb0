from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from limelight.dataset.films import REACH, clip_starts, on_cut

cuts = st.lists(st.floats(0.5, 118), max_size=40).map(lambda times: np.array(sorted(times)))


@settings(max_examples=50, deadline=None)
@given(cuts, st.floats(0, 120), st.sampled_from([1.0, 5.0, 10.0]))
def test_clips_lie_inside_and_never_overlap(cut_seconds: np.ndarray, duration: float, seconds: float) -> None:
    starts = clip_starts(cut_seconds, duration, seconds)
    assert all(second - first >= seconds - 1e-9 for first, second in pairwise(starts))
    assert all(second - first <= seconds * (1 + REACH) + 1e-9 for first, second in pairwise(starts))
    if starts:
        assert starts[0] == 0
        assert starts[-1] + seconds <= duration + 1e-9
    assert bool(starts) == (duration >= seconds)


@settings(max_examples=50, deadline=None)
@given(cuts)
def test_a_clip_begins_on_the_next_cut_within_reach(cut_seconds: np.ndarray) -> None:
    starts = clip_starts(cut_seconds, 120, 10.0)
    for before, start in pairwise(starts):
        free = before + 10.0
        within = cut_seconds[(cut_seconds >= free) & (cut_seconds <= min(free + 3.0, 110.0))]
        assert start == (within.min() if within.size else free)
        assert on_cut(start, cut_seconds) or not within.size


def test_without_cuts_clips_follow_each_other() -> None:
    assert clip_starts(np.zeros(0), 35.0, 10.0) == [0.0, 10.0, 20.0]
    assert on_cut(0.0, np.zeros(0))
    assert not on_cut(10.0, np.zeros(0))
