"""Which differences between two methods are real: paired bootstrap on the clips that both were measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from limelight.app.judge.results import Line, read_all
from limelight.app.judge.table import Found
from limelight.app.judge.words import figure_text, signed_interval
from limelight.errors import InputError
from limelight.evaluation.bootstrap import Interval
from limelight.evaluation.catalogue import Metric


@dataclass(frozen=True)
class Difference:
    """One metric of two methods."""

    metric: Metric
    first: float
    second: float
    difference: Interval  # first − second, raw

    @property
    def verdict(self) -> str:
        """Which is better, if that is sure."""
        if not self.difference.leaves_out_zero:
            return "not shown"
        return (
            "the first is better"
            if (self.difference.value > 0) == self.metric.higher_is_better
            else "the second is better"
        )


def compared(lines: Sequence[Line], first: str, second: str) -> list[Difference]:
    """Every metric of two methods by name. Raises InputError for a name that has no results."""
    there = sorted({line.method for line in lines})
    for name in (first, second):
        if name not in there:
            raise InputError(f"Wanted the results of {name!r}; there are {', '.join(map(repr, there))}.")
    found = Found.of(lines, {first: "method", second: "method"})
    if not found.clips:
        raise InputError(f"{first!r} and {second!r} have no clip in common; run both on the same data set.")
    table = found.table()
    figures = {row.name: row.figures for row in table.rows}
    return [
        Difference(
            metric,
            figures[first][metric.name].value,
            figures[second][metric.name].value,
            found.difference(first, second, metric.name),
        )
        for metric in table.metrics
        if metric.name != "env_pooled"  # pooled, clips have no figure of their own to be paired
    ]


def comparison_text(into: Path, first: str, second: str, *, against: Path | None = None) -> str:
    """A line per metric for a terminal; `against` is another run's folder, where the second is. Raises InputError."""
    lines = list(read_all(into))
    if against:
        renamed = f"{second} in {against.name}"
        lines += [replace(line, method=renamed) for line in read_all(against) if line.method == second]
        second = renamed
    told = [f"{'':34}{'first':>10}{'second':>10}   first − second [95 %]"]
    for one in compared(lines, first, second):
        metric, head = one.metric, f"{one.metric.title}, {one.metric.unit}"
        values = f"{figure_text(metric, one.first):>10}{figure_text(metric, one.second):>10}"
        told.append(f"{head:34}{values}   {signed_interval(metric, one.difference):28}{one.verdict}")
    return "\n".join(told)
