"""The main table and the picture's share and the goals as plain values, for programs."""

from __future__ import annotations

import math
from typing import Any

from limelight.app.judge.goals import GOALS, Goal
from limelight.app.judge.sections import BASE, MAIN
from limelight.app.judge.sentences import pictures_of
from limelight.app.judge.table import Found
from limelight.evaluation.bootstrap import Interval


def for_programs(found: Found) -> dict[str, Any]:
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


def _goal(goal: Goal, found: Found) -> dict[str, Any]:
    """What is wanted, and of each method its raw figure and whether it is reached."""
    methods = [name for name, kind in found.kinds.items() if kind == "method"]
    measured = {name: goal.measure(found, name) for name in methods}
    figures = {name: _values(one) | {"reached": goal.reached(one)} for name, one in measured.items()}
    return {"wanted": goal.wanted, "methods": figures}


def _values(of: Interval, scale: float = 1.0) -> dict[str, float | None]:
    values = {"value": of.value, "low": of.low, "high": of.high}
    return {name: scale * value if math.isfinite(value) else None for name, value in values.items()}
