from __future__ import annotations

import pytest
from metrics.evaluator.lines import KINDS, found, lines

from limelight.metrics.bootstrap import Interval
from limelight.metrics.goals import GOALS, Goal, goals_table
from limelight.metrics.tables import Results
from limelight.models.registry import DEFAULT_SEPARATOR

BOUND = f"best gains, stems of {DEFAULT_SEPARATOR}"
GAP = f"gap closed to the best gains on its stems (else {DEFAULT_SEPARATOR}'s)"
BY_NAME = {goal.what: goal for goal in GOALS}


def test_every_method_has_a_column_and_every_goal_a_line() -> None:
    head, *rows = goals_table(found())
    assert head == ["", "wanted", "good", "bad"]
    assert [row[0] for row in rows] == list(BY_NAME)
    assert {len(row) for row in rows} == {4}
    assert list(goals_table(Results.of(lines(), {"do nothing": "control"}))) == []


def test_what_is_reached_is_told_by_the_figures() -> None:
    told = {row[0]: row[1:] for row in goals_table(found())}
    assert told["MAG against doing nothing"] == ["at most −60 %", "−50 % ✗", "+50 % ✗"]
    assert told["level-matched MAG against doing nothing"] == ["at most −45 %", "−50 % ✓", "+50 % ✗"]
    assert told["picture's share, against none"] == ["more than 0 %, surely", "+17 % ✓", "–"]
    assert told[GAP][1:] == ["–", "–"]  # nobody measured that bound


def test_the_gap_closed_is_between_doing_nothing_and_the_bound() -> None:
    renamed = [
        type(line)(**{**vars(line), "method": BOUND}) for line in lines() if line.method == "good, no picture"
    ]  # leaves 0.6, good leaves 0.5
    of = Results.of([*lines(), *renamed], KINDS | {BOUND: "oracle"})
    goal = BY_NAME[GAP]
    assert goal.measure(of, "good").value == pytest.approx((1 - 0.5) / (1 - 0.6))
    assert goal.measure(of, "bad").value == pytest.approx((1 - 1.5) / (1 - 0.6))
    assert goal.measure(of, "do nothing").value == pytest.approx(0)
    own = [
        type(line)(**{**vars(line), "method": "best gains, stems of good"}) for line in lines() if line.method == "good"
    ]
    of = Results.of([*lines(), *renamed, *own], KINDS | {BOUND: "oracle", "best gains, stems of good": "oracle"})
    assert goal.measure(of, "good").value == pytest.approx(1)  # its own stems are the bound
    assert goal.measure(of, "bad").value == pytest.approx((1 - 1.5) / (1 - 0.6))


def test_harm_is_a_part_of_what_is_wrong() -> None:
    of = found()
    share = BY_NAME["clean-mix change, of what is wrong with the bad mixes"].measure(of, "good").value
    assert share == pytest.approx(of.mean("good", "clean_mix_change") / of.mean("do nothing", "mag_level_matched"))


def test_bounds_are_read_both_ways_and_what_must_be_sure_must() -> None:
    at_most, at_least = Goal("", 2.5, _none, unit="dB"), Goal("", 15.0, _none, at_least=True, unit="dB")
    assert at_most.reached(Interval(2.5, 2, 3))
    assert not at_most.reached(Interval(2.6, 2, 3))
    assert at_least.reached(Interval(15, 14, 16))
    assert not at_least.reached(Interval(14.9, 14, 16))
    surely = Goal("", 0.0, _none, surely=True)
    assert surely.reached(Interval(0.1, 0.05, 0.2))
    assert not surely.reached(Interval(0.1, -0.05, 0.2))
    assert not surely.reached(Interval(0.004, 0.003, 0.005))  # 0 %, as it is printed
    assert not surely.reached(Interval(-0.1, -0.2, -0.05))
    assert at_most.reached(Interval(float("nan"), 0, 0)) is None
    assert at_most.said(Interval(float("nan"), 0, 0)) == "–"


def _none(_found: Results, _method: str) -> Interval:
    return Interval(0, 0, 0)
