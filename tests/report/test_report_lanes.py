import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import invented_plan

from limelight.report.lanes import (
    MOST_POINTS,
    WIDTH,
    TimeAxis,
    cut_lane,
    decimated_times,
    gain_lane,
    gain_scale,
    time_lane,
    wave_lane,
    wave_scale,
)
from limelight.report.listening import Envelope
from limelight.types import STEMS


def points(html, name):
    shape = re.search(rf'<path class="{name}" d="M([^"Z]*)', html).group(1)
    return np.array([[float(value) for value in pair.split()] for pair in shape.split("L")])


@pytest.mark.parametrize(("seconds", "count"), [(2.0, 21), (119.9, 1200), (7200.0, MOST_POINTS)])
def test_one_curve_per_stem_with_the_plans_points_or_1200(seconds, count):
    html = gain_lane(TimeAxis(seconds), invented_plan(seconds), [])
    assert [len(points(html, f"curve {stem}")) for stem in STEMS] == [count] * 3
    assert html.count('class="curve ') == 3


def test_curves_are_where_their_gains_are():
    plan, axis = invented_plan(60.0), TimeAxis(60.0)
    scale = gain_scale(plan)
    html = gain_lane(axis, plan, [])
    for stem in STEMS:
        x, y = points(html, f"curve {stem}").T
        np.testing.assert_allclose(x, plan.times_seconds / 60 * WIDTH, atol=0.051)
        db = scale.high_db - y / 200 * (scale.high_db - scale.low_db)
        np.testing.assert_allclose(db, plan.gains_db[stem], atol=0.01)


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
    html = cut_lane(TimeAxis(10.0), cuts)
    assert [float(x) for x in re.findall(r"M([\d.]+) 0V", html)] == [cut / 10 * WIDTH for cut in cuts]


def test_decimated_times_keep_both_ends():
    plan = invented_plan(3600.0)
    times = decimated_times(plan)
    assert (times[0], times[-1]) == (0, pytest.approx(3600))


def test_the_wave_reaches_as_far_as_its_peaks():
    peak = np.array([0.0, 0.5, 1.0, 0.25])
    html = wave_lane(TimeAxis(1.0), Envelope(peak, peak / 2), 1.0, [])
    shape = points(html, "peak")
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
    labels = re.findall(r">(\d+:\d\d:\d\d)<", time_lane(TimeAxis(7300.0)))
    assert labels[:3] == ["0:00:00", "0:30:00", "1:00:00"]
