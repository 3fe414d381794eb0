"""Drawings: places on the time axis, curves where their gains are, scales that hold everything."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import invented_plan

from limelight.report.drawings import (
    MOST_POINTS,
    WIDTH,
    TimeAxis,
    cut_marks,
    decimated_times,
    gain_drawing,
    gain_scale,
    time_labels,
    wave_drawing,
    wave_scale,
)
from limelight.report.listening import Envelope
from limelight.types import STEMS


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


def points(path):
    return np.array([[float(value) for value in pair.split()] for pair in path.strip("MZ").split("L")])


@pytest.mark.parametrize(("seconds", "count"), [(2.0, 21), (119.9, 1200), (7200.0, MOST_POINTS)])
def test_one_curve_per_stem_with_the_plans_points_or_1200(seconds, count):
    curves = gain_drawing(TimeAxis(seconds), invented_plan(seconds), []).curves
    assert tuple(curves) == STEMS
    assert [len(points(path)) for path in curves.values()] == [count] * 3


def test_curves_are_where_their_gains_are():
    plan, axis = invented_plan(60.0), TimeAxis(60.0)
    scale = gain_scale(plan)
    for stem, path in gain_drawing(axis, plan, []).curves.items():
        x, y = points(path).T
        np.testing.assert_allclose(x, plan.times_seconds / 60 * WIDTH, atol=0.051)
        db = scale.high_db - y / 200 * (scale.high_db - scale.low_db)
        np.testing.assert_allclose(db, plan.gains_db[stem], atol=0.01)


def test_every_level_of_the_grid_has_its_number_and_one_is_zero():
    drawing = gain_drawing(TimeAxis(60.0), invented_plan(60.0), [])
    assert len(drawing.lines) == len(drawing.labels)
    zero = [label for label, line in zip(drawing.labels, drawing.lines, strict=True) if line.is_zero]
    assert [label.text for label in zero] == ["0"]


@given(st.lists(st.floats(-120, 60), min_size=2, max_size=6))
def test_the_scale_holds_the_curves_and_zero_with_few_lines(gains):
    plan = invented_plan(1.0, points=len(gains))
    plan = plan.model_copy(update={"gains_db": dict.fromkeys(STEMS, gains)})
    scale = gain_scale(plan)
    assert scale.low_db <= min(*gains, 0) <= max(*gains, 0) <= scale.high_db
    assert 0.0 in scale.lines_db
    assert (scale.lines_db[0], scale.lines_db[-1]) == (scale.low_db, scale.high_db)
    assert len(scale.lines_db) <= 10


def test_a_cut_is_at_its_share_of_the_film():
    cuts = [0.5, 3.25, 9.0]
    path = cut_marks(TimeAxis(10.0), cuts)
    assert [float(x) for x in re.findall(r"M([\d.]+)V?", path.replace(" 0", ""))] == [cut / 10 * WIDTH for cut in cuts]


def test_so_many_cuts_are_not_drawn_through_the_waves():
    envelope = Envelope(np.ones(4), np.ones(4))
    few, many = (wave_drawing(TimeAxis(100.0), envelope, 1.0, range(1, count + 1)).cuts for count in (80, 81))
    assert few.count("M") == 80
    assert many == ""


def test_decimated_times_keep_both_ends():
    plan = invented_plan(3600.0)
    times = decimated_times(plan)
    assert (times[0], times[-1]) == (0, pytest.approx(3600))


def test_the_wave_reaches_as_far_as_its_peaks():
    peak = np.array([0.0, 0.5, 1.0, 0.25])
    shape = points(wave_drawing(TimeAxis(1.0), Envelope(peak, peak / 2), 1.0, []).peak)
    np.testing.assert_allclose(shape[:4, 1], 50 - 50 * peak)
    np.testing.assert_allclose(shape[4:, 1], 50 + 50 * peak[::-1])
    np.testing.assert_allclose(shape[:4, 0], (np.arange(4) + 0.5) * WIDTH / 4)


def test_both_waves_share_one_scale():
    quiet, loud = (Envelope(np.array([peak]), np.array([peak])) for peak in (0.05, 0.31))
    assert wave_scale(quiet, loud) == pytest.approx(0.4)
    assert wave_scale(quiet) == pytest.approx(0.1)
    assert wave_scale(Envelope(np.zeros(1), np.zeros(1))) == 1
    assert wave_scale(Envelope(np.array([1.72]), np.zeros(1))) == pytest.approx(1.8)


def test_times_are_labelled_in_hours_minutes_seconds():
    assert [label.text for label in time_labels(TimeAxis(7300.0))][:3] == ["0:00:00", "0:30:00", "1:00:00"]
