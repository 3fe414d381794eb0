"""What is wanted of the model that Limelight comes with, and what every method has; and all results as plain values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from limelight.metrics.bootstrap import Interval, interval, negative
from limelight.metrics.methods import best_gains_on
from limelight.metrics.sentences import pictures_of
from limelight.metrics.tables import BASE, MAIN, Results, percent
from limelight.models.registry import DEFAULT_SEPARATOR
from limelight.report.words import number

NONE = Interval(math.nan, math.nan, math.nan, 0)

Measure = Callable[[Results, str], Interval]


@dataclass(frozen=True)
class Goal:
    """One line: a figure, a bound, and on which side of it a method should be."""

    what: str
    bound: float
    measure: Measure
    at_least: bool = False
    unit: str = "%"
    change: bool = False  # told with its sign
    surely: bool = False  # the interval must leave 0 out as well

    @property
    def wanted(self) -> str:
        sign = "more than" if self.surely else "at least" if self.at_least else "at most"
        return f"{sign} {self.text(self.bound)}{', surely' if self.surely else ''}"

    def text(self, value: float) -> str:
        """A figure of this goal as it is printed."""
        return percent(value, sign=self.change) if self.unit == "%" else f"{number(value)} {self.unit}"

    def reached(self, found: Interval) -> bool | None:
        """None where there is no such figure."""
        if not math.isfinite(found.value):
            return None
        if self.surely:
            return round(found.value - self.bound, 2) > 0 and found.leaves_out_zero  # by what is printed, at least
        return found.value >= self.bound if self.at_least else found.value <= self.bound

    def said(self, found: Interval) -> str:
        """ "−11 % ✗"."""
        reached = self.reached(found)
        return "–" if reached is None else f"{self.text(found.value)} {'✓' if reached else '✗'}"


def _change(metric: str, found: Results, method: str) -> Interval:
    return negative(found.share(method, BASE, metric))


def _mean(metric: str, found: Results, method: str) -> Interval:
    return interval(found.values(method, metric))


def _gap_closed(found: Results, method: str) -> Interval:
    """To the best gains on its own stems, or, where it has none, on those of the packaged model."""
    bounds = [name for name in map(best_gains_on, (method, DEFAULT_SEPARATOR)) if name in found.kinds]
    return found.gap_closed(method, BASE, bounds[0], MAIN) if bounds else NONE


def _picture(what: str, found: Results, method: str) -> Interval:
    rows = {said: name for name, said in pictures_of(found, method).items()}
    return found.share(method, rows[what], MAIN) if what in rows else NONE


def _harm(found: Results, method: str) -> Interval:
    """The clean mixes may be of other clips than what is wrong with the bad mixes, so there is no paired interval."""
    wrong = found.mean(BASE, MAIN)
    share = found.mean(method, "clean_mix_change") / wrong if wrong else math.nan
    return Interval(share, math.nan, math.nan, 0)


GOALS = (
    Goal("MAG against doing nothing", -0.60, partial(_change, "mag"), change=True),
    Goal("ENV against doing nothing", -0.50, partial(_change, "env"), change=True),
    Goal("W-dis against doing nothing", -0.60, partial(_change, "w_dis"), change=True),
    Goal("level-matched MAG against doing nothing", -0.45, partial(_change, MAIN), change=True),
    Goal("gain error", 2.5, partial(_mean, "gain_error_db"), unit="dB"),
    Goal(f"gap closed to the best gains on its stems (else {DEFAULT_SEPARATOR}'s)", 0.60, _gap_closed, at_least=True),
    Goal("picture's share, against another clip's", 0.0, partial(_picture, "another clip's"), change=True, surely=True),
    Goal("picture's share, against none", 0.0, partial(_picture, "none"), change=True, surely=True),
    Goal("clean-mix change, of what is wrong with the bad mixes", 0.10, _harm),
    Goal("clean-mix change, mean absolute gain", 1.0, partial(_mean, "clean_mix_gain_db"), unit="dB"),
    Goal("artefacts", 15.0, partial(_mean, "artefacts_db"), at_least=True, unit="dB"),
)


def goals_table(found: Results) -> Iterator[list[str]]:
    """The head, then a line for each goal: what, wanted, and what each method has. Nothing without methods."""
    methods = [name for name, kind in found.kinds.items() if kind == "method"]
    if not methods or BASE not in found.kinds:
        return
    yield ["", "wanted", *methods]
    for goal in GOALS:
        yield [goal.what, goal.wanted, *(goal.said(goal.measure(found, method)) for method in methods)]


def for_programs(found: Results) -> dict[str, Any]:
    """Figures as they are printed (× 100 where the papers do), each with its interval; null where there is none."""
    table = found.table()
    rows = {
        row.name: {
            "kind": row.kind,
            "figures": {one.name: _values(row.figures[one.name], one.shown(1.0)) for one in table.metrics},
        }
        for row in table.rows
    }
    shares = {
        f"{method} against {name}": _values(found.share(method, name, MAIN))
        for method in found.kinds
        for name in pictures_of(found, method)
    }
    return {
        "clips": table.clips,
        "good_clips": len(found.good),
        "rows": rows,
        "picture_share": shares,
        "goals": {goal.what: _goal(goal, found) for goal in GOALS} if BASE in found.kinds else {},
    }


def _goal(goal: Goal, found: Results) -> dict[str, Any]:
    """What is wanted, and of each method its raw figure and whether it is reached."""
    methods = [name for name, kind in found.kinds.items() if kind == "method"]
    measured = {name: goal.measure(found, name) for name in methods}
    figures = {name: _values(one) | {"reached": goal.reached(one)} for name, one in measured.items()}
    return {"wanted": goal.wanted, "methods": figures}


def _values(of: Interval, scale: float = 1.0) -> dict[str, float | None]:
    values = {"value": of.value, "low": of.low, "high": of.high}
    return {name: scale * value if math.isfinite(value) else None for name, value in values.items()}
