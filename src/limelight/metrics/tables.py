"""From lines to tables: rows are methods and controls, columns metrics, each figure with its bootstrap interval.

Only clips that every method was measured on are counted, so that rows can be compared. The best of a column is marked
among what could be used; oracles know the truth, and the other pictures are there to be beaten. What stands in the
results, in which order, is said here for the page of Markdown and for that of HTML.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.statistics import difficulty
from limelight.metrics.bootstrap import Interval, interval, paired_difference, share_gone
from limelight.metrics.registry import BALANCE, BY_NAME, DECIDED, HUNDREDTHS, PAPERS, Metric, registered
from limelight.metrics.results import ResultLine, is_good
from limelight.report.words import number


def figure_text(metric: Metric, raw: float) -> str:
    """One figure, with as many digits as its metric has."""
    return number(metric.shown(raw), metric.digits)


def range_text(metric: Metric, of: Interval) -> str:
    """ "1.20 … 1.45"; nothing where there is none."""
    return f"{figure_text(metric, of.low)} … {figure_text(metric, of.high)}" if of.low == of.low else ""


def signed_interval(metric: Metric, of: Interval) -> str:
    """ "−0.31 [−0.40 … −0.22]", with dB or LU where it is one of these."""
    value, low, high = (number(metric.shown(raw), metric.digits, sign=True) for raw in (of.value, of.low, of.high))
    return f"{value}{'' if metric.unit == HUNDREDTHS else f' {metric.unit}'} [{low} … {high}]"


def percent(share: float, *, sign: bool = True) -> str:
    """A share: "+12 %"."""
    return f"{number(100 * share, 0, sign=sign)} %" if math.isfinite(share) else "–"


def percent_interval(of: Interval) -> str:
    """A share and its interval: "+12 % [+8 … +15]"."""
    return f"{percent(of.value)} [{percent_range(of)}]"


def percent_range(of: Interval) -> str:
    """The interval of a share: "+8 … +15"."""
    return " … ".join(number(100 * share, 0, sign=True) for share in (of.low, of.high))


def listed(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""


Array = NDArray[np.float64]

MAIN = "mag_level_matched"
BASE = "do nothing"
BROKEN_DOWN = (MAIN, "gain_error_db")
THE_PAPERS = ("mag", "env", "w_dis", "kld", "delta_ib")  # which they tell by difficulty
HEADS = {
    "difficulty": "By difficulty",
    "recipe": "By recipe",
    "kind": "By kind of scene",
    "trivial": "By whether the pair is trivial",
}
PLAIN_KINDS = ("method", "control")  # the others are bounds, or models with a wrong picture

SECTIONS = (BALANCE, PAPERS, DECIDED)  # what else there is comes behind
DIFFICULTIES = ("none", "low", "medium", "high")
SPLIT_BY: Mapping[str, Callable[[ResultLine], str]] = {
    "difficulty": lambda line: difficulty(line.step_db),
    "recipe": lambda line: line.recipe,
    "kind": lambda line: line.kind,
    "trivial": lambda line: "a trivial pair" if line.trivial else "needs a decision",
}


@dataclass(frozen=True)
class Row:
    """A method and its figures, by the metrics' names."""

    name: str
    kind: str
    figures: Mapping[str, Interval]


@dataclass(frozen=True)
class Table:
    """Methods by metrics, over some clips."""

    clips: int
    metrics: tuple[Metric, ...]
    rows: tuple[Row, ...]

    def best(self, metric: Metric) -> frozenset[str]:
        """The methods and controls with the best figure, as it is printed."""
        kinds = {row.name: row.kind for row in self.rows}
        return best_of({row.name: row.figures[metric.name].value for row in self.rows}, kinds, metric)

    def part(self, metrics: Sequence[Metric]) -> Table:
        """Some columns, and the rows that have a figure in them."""
        some = tuple(metric for metric in metrics if metric in self.metrics)
        rows = tuple(row for row in self.rows if any(np.isfinite(row.figures[one.name].value) for one in some))
        return Table(self.clips, some, rows)


def best_of(values: Mapping[str, float], kinds: Mapping[str, str], metric: Metric) -> frozenset[str]:
    """The methods whose raw value is the best, as it is printed; controls too, unless they are perfect by doing nothing."""
    among = ("method",) if metric.perfect_untouched else ("method", "control")
    usable = {
        name: round(metric.shown(value), metric.digits)
        for name, value in values.items()
        if kinds[name] in among and np.isfinite(value)
    }
    if not usable:
        return frozenset()
    top = max(usable.values()) if metric.higher_is_better else min(usable.values())
    return frozenset(name for name, value in usable.items() if value == top)


@dataclass(frozen=True, repr=False)
class Results:
    """All lines, by method and clip."""

    kinds: Mapping[str, str]  # method → kind, in the order of the table
    lines: Mapping[str, Mapping[str, ResultLine]]  # method → clip → line
    clips: tuple[str, ...]  # that all have, in order; degraded ones, where there are any
    good: tuple[str, ...] = ()  # the others: nobody degraded them, and only harm can be done

    @classmethod
    def of(cls, lines: Iterable[ResultLine], kinds: Mapping[str, str]) -> Results:
        by_method: dict[str, dict[str, ResultLine]] = {name: {} for name in kinds}
        for line in lines:
            if line.method in by_method:
                by_method[line.method][line.clip] = line
        shared = set.intersection(*(set(of) for of in by_method.values())) if by_method else set()
        recipes = {name: line.recipe for name, line in next(iter(by_method.values()), {}).items()}
        bad = tuple(sorted(name for name in shared if not is_good(recipes[name])))
        good = tuple(sorted(name for name in shared if is_good(recipes[name])))
        return cls(kinds, by_method, bad or good, good)

    def clips_of(self, metric: str) -> tuple[str, ...]:
        """The clips that a metric is told of."""
        return self.good if self.good and BY_NAME[metric].of_clean_mix else self.clips

    def values(self, method: str, metric: str, clips: Sequence[str] | None = None) -> Array:
        """One figure of one method on clips, [n], raw; NaN where there is none."""
        of = self.lines[method]
        asked = self.clips_of(metric) if clips is None else clips
        return np.array([of[clip].figures.get(metric, np.nan) for clip in asked])

    def metrics(self) -> tuple[Metric, ...]:
        """Those that anything was measured of."""
        there = {name for of in self.lines.values() for line in of.values() for name in line.figures}
        return tuple(metric for metric in registered() if metric.name in there)

    def table(self, clips: Sequence[str] | None = None) -> Table:
        """Every method by every metric, over all clips or some."""
        metrics = self.metrics()
        rows = tuple(
            Row(name, kind, {one.name: figure(self.values(name, one.name, clips), one) for one in metrics})
            for name, kind in self.kinds.items()
        )
        return Table(len(self.clips if clips is None else clips), metrics, rows)

    def mean(self, method: str, metric: str) -> float:
        """One figure of one method, raw; NaN where there is none."""
        return _over_clips(self.values(method, metric), BY_NAME[metric])

    def means(self, metric: str, clips: Sequence[str]) -> dict[str, float]:
        """One figure of every method over some clips, raw; without an interval, which takes longer."""
        return {name: _over_clips(self.values(name, metric, clips), BY_NAME[metric]) for name in self.kinds}

    def groups(self, by: str) -> dict[str, tuple[str, ...]]:
        """The clips by what `SPLIT_BY` says of them; of any method, since all have the same clips."""
        of = next(iter(self.lines.values()))
        found: dict[str, list[str]] = {}
        for clip in self.clips:
            found.setdefault(SPLIT_BY[by](of[clip]), []).append(clip)
        return {name: tuple(found[name]) for name in sorted(found, key=lambda name: (_place(name), name))}

    def difference(self, a: str, b: str, metric: str) -> Interval:
        """Mean of a less mean of b on the same clips, raw."""
        return paired_difference(self.values(a, metric), self.values(b, metric))

    def share(self, having: str, without: str, metric: str, clips: Sequence[str] | None = None) -> Interval:
        """How much of the distance of one method is gone with another, over all clips or some."""
        return share_gone(self.values(having, metric, clips), self.values(without, metric, clips))

    def gap_closed(self, method: str, start: str, end: str, metric: str) -> Interval:
        """How much of the gap between two a method closes: 0 is no nearer than `start`, 1 is as near as `end`."""
        goal = self.values(end, metric)
        return share_gone(self.values(method, metric) - goal, self.values(start, metric) - goal)


def figure(values: Array, metric: Metric) -> Interval:
    """A column's figure of the values of clips."""
    return interval(values, statistic=metric.over_clips)


def _over_clips(values: Array, metric: Metric) -> float:
    """The same without an interval."""
    there = values[~np.isnan(values)]
    return float(metric.over_clips(there[None])[0]) if there.size else math.nan


@dataclass(frozen=True)
class TableSource:
    """What was evaluated, for the page's head."""

    dataset: str
    split: str
    command: str
    notes: tuple[str, ...] = ()  # sentences on methods


def clips_said(found: Results, source: TableSource) -> str:
    """How many clips, and of what."""
    good = (
        f"; besides {len(found.good)} that nobody degraded, on which the clean-mix change is measured"
        if _apart(found)
        else ""
    )
    return f"{len(found.clips)} clips of the {source.split} split of {source.dataset}, on which every row was measured{good}."


def tables(found: Results) -> Iterator[tuple[str, Table]]:
    """The main tables by their heads: rows that have any figure, columns that were measured."""
    whole = found.table()
    for head in dict.fromkeys((*SECTIONS, *(metric.section for metric in whole.metrics))):
        part = whole.part([metric for metric in whole.metrics if metric.section == head])
        if part.rows and part.metrics:
            yield head, part


def groupings(found: Results) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """By what clips are told apart, one of `HEADS`, and the groups, where there are several."""
    for by in SPLIT_BY:
        groups = found.groups(by)
        if len(groups) > 1:
            yield by, groups


def broken_down(
    found: Results, by: str, groups: dict[str, tuple[str, ...]]
) -> Iterator[tuple[Metric, dict[str, dict[str, float]]]]:
    """For each metric its means [group][method], raw."""
    names = (*BROKEN_DOWN, *(THE_PAPERS if by == "difficulty" else ()))
    for metric in found.metrics():
        if metric.name in names:
            yield metric, {group: found.means(metric.name, clips) for group, clips in groups.items()}


def picture_groups(found: Results) -> dict[str, tuple[str, ...]]:
    """All clips, then by recipe and by kind."""
    groups = {"all": found.clips}
    for by in ("recipe", "kind"):
        some = found.groups(by)
        groups |= some if len(some) > 1 else {}
    return groups


def _apart(found: Results) -> bool:
    return bool(found.good) and found.good != found.clips


def _place(group: str) -> int:
    """Difficulties in their order; everything else by name."""
    return DIFFICULTIES.index(group) if group in DIFFICULTIES else 0
