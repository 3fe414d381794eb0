from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limelight.report.lanes import WIDTH, TimeAxis


@given(st.floats(0.01, 1e5), st.floats(0, 1))
def test_place_is_proportional_to_time(duration, share):
    axis = TimeAxis(duration)
    assert axis.x(share * duration) == pytest.approx(share * WIDTH, abs=1e-6)


def test_what_lies_outside_is_put_at_the_ends():
    axis = TimeAxis(10)
    assert (axis.x(-1), axis.x(11)) == (0, WIDTH)


@given(st.floats(0.01, 8 * 86_400))
def test_ticks_are_few_even_and_within_the_film(duration):
    ticks = TimeAxis(duration).ticks
    assert ticks[0] == 0
    assert len(ticks) <= 9
    assert ticks[-1] <= duration
    assert len({b - a for a, b in pairwise(ticks)}) <= 1


def test_an_axis_must_last():
    with pytest.raises(ValueError, match="must last"):
        TimeAxis(0)
