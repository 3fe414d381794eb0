"""What the tables say, in plain words that follow the figures: who helps, who does harm, who looks, and where we lose.

Differences are those of a paired bootstrap, on the clips that both methods were measured on. One is told where its interval
leaves out 0 and it is not too small to matter: networks that hardly do anything differ from doing nothing for sure, and by
nothing that anybody hears.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from limelight.errors import InputError
from limelight.metrics.bootstrap import FEWEST_CLIPS, Interval, mean_of, negative
from limelight.metrics.models import ANOTHER, NONE, SAID
from limelight.metrics.registry import BY_NAME, Metric
from limelight.metrics.results import ResultLine, read_all
from limelight.metrics.tables import (
    BASE,
    MAIN,
    Results,
    figure_text,
    listed,
    percent,
    percent_interval,
    signed_interval,
)
from limelight.vision.cues import KINDS


@dataclass(frozen=True)
class MethodDifference:
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


def compared(lines: Sequence[ResultLine], first: str, second: str) -> list[MethodDifference]:
    """Every metric of two methods by name. Raises InputError for a name that has no results."""
    there = sorted({line.method for line in lines})
    for name in (first, second):
        if name not in there:
            raise InputError(f"Wanted the results of {name!r}; there are {', '.join(map(repr, there))}.")
    found = Results.of(lines, {first: "method", second: "method"})
    if not found.clips:
        raise InputError(f"{first!r} and {second!r} have no clip in common; run both on the same data set.")
    table = found.table()
    figures = {row.name: row.figures for row in table.rows}
    return [
        MethodDifference(
            metric,
            figures[first][metric.name].value,
            figures[second][metric.name].value,
            found.difference(first, second, metric.name),
        )
        for metric in table.metrics
        if metric.over_clips is mean_of  # otherwise clips have no figure of their own to be paired
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


SAID_OF = ("mag_level_matched", "env_level_matched", "gain_error_db", "balance_error_lu", "mag", "env", "w_dis")
CHANGE, GAINS = "clean_mix_change", "clean_mix_gain_db"
ONE_GAIN = "best single gain"
TOO_LITTLE = 0.005  # of a distance


@dataclass(frozen=True)
class MethodSentences:
    """What is said of one method."""

    method: str
    text: str


def in_short(found: Results) -> Iterator[str]:
    """A few sentences on all methods together."""
    methods = [name for name, kind in found.kinds.items() if kind == "method"]
    if len(found.clips) < FEWEST_CLIPS:
        yield f"{len(found.clips)} clips are too few to show any difference, whatever stands below."
    if not methods or BASE not in found.kinds:
        return
    means = found.means(MAIN, found.clips)
    best, *others = sorted(methods, key=means.__getitem__)
    yield _best_of(found, best, means)
    yield from _against_others(found, best, others)
    changes = {name: negative(found.share(name, BASE, MAIN)) for name in methods if _differ(found, name, BASE)}
    worse = [f"{name} ({percent(change.value)})" for name, change in changes.items() if change.value > 0]
    if worse:
        yield f"Worse than doing nothing at equal loudness, for sure: {listed(worse)}."
    if ONE_GAIN in found.kinds:
        yield _against_one_gain(found, methods)


def of_methods(found: Results) -> Iterator[MethodSentences]:
    """What is to be said of each method."""
    for name, kind in found.kinds.items():
        if kind == "method":
            said = (*against_nothing(found, name), *by_kind(found, name), *harm_said(found, name))
            yield MethodSentences(name, " ".join((*said, *against_pictures(found, name))))


def against_nothing(found: Results, method: str) -> Iterator[str]:
    """Where a method is better than doing nothing, where it is worse, and where neither is shown."""
    better: list[str] = []
    worse: list[str] = []
    open_: list[str] = []
    for name in SAID_OF:
        metric = BY_NAME[name]
        if metric not in found.metrics() or BASE not in found.kinds:
            continue
        difference = found.difference(method, BASE, name)
        said = f"{metric.title} ({signed_interval(metric, difference)})"
        if not difference.leaves_out_zero or not round(metric.shown(difference.value), metric.digits):
            open_.append(metric.title)
        else:
            (better if (difference.value > 0) == metric.higher_is_better else worse).append(said)
    parts = [
        f"better in {listed(better)}" if better else "",
        f"worse in {listed(worse)}" if worse else "",
        f"no difference is shown in {listed(open_)}" if open_ else "",
    ]
    if any(parts):
        yield f"Against doing nothing: {'; '.join(part for part in parts if part)}."


def by_kind(found: Results, method: str) -> Iterator[str]:
    """Where it helps and where it does not, by kind of scene."""
    groups = found.groups("kind")
    if len(groups) > 1 and BASE in found.kinds:
        shares = {kind: found.share(method, BASE, MAIN, clips).value for kind, clips in groups.items()}
        told = ", ".join(f"{kind} {percent(-share)}" for kind, share in shares.items())
        yield f"Its change of level-matched MAG by kind of scene: {told}."


def harm_said(found: Results, method: str) -> Iterator[str]:
    """What a method does to a mix that is right."""
    harm, gain = found.mean(method, CHANGE), found.mean(method, GAINS)
    if not np.isfinite(harm + gain):
        return
    wrong = found.mean(BASE, MAIN) if BASE in found.kinds else 0.0
    part = f", {percent(harm / wrong, sign=False)} of what is wrong with the bad mixes" if wrong > 0 else ""
    yield (
        f"A mix that is right already is changed by {figure_text(BY_NAME[CHANGE], harm)} (level-matched MAG{part}), its "
        f"stems by {figure_text(BY_NAME[GAINS], gain)} dB in the mean."
    )


def against_pictures(found: Results, method: str) -> Iterator[str]:
    """What the true picture is worth to a model, where its other pictures were tried."""
    for name, what in pictures_of(found, method, of_cues=False).items():
        share = found.share(method, name, MAIN)
        if not share.leaves_out_zero:
            verdict = "not shown to matter"
        elif abs(share.value) < TOO_LITTLE:
            verdict = "next to nothing"
        else:
            verdict = "so the right picture helps" if share.value > 0 else "so the right picture does harm"
        yield f"Its own picture instead of {what} changes level-matched MAG by {percent_interval(negative(share))}, {verdict}."


def pictures_of(found: Results, method: str, *, of_cues: bool = True) -> dict[str, str]:
    """The rows of a model with other pictures, and what they show in words; `of_cues`: also with one kind from another."""
    rows = {method + SAID[ANOTHER]: "another clip's", method + SAID[NONE]: "none"}
    if of_cues:
        rows |= {method + SAID[kind]: f"another clip's {kind}" for kind in KINDS}
    return {name: what for name, what in rows.items() if name in found.kinds}


def _best_of(found: Results, best: str, means: dict[str, float]) -> str:
    metric = BY_NAME[MAIN]
    figures = f"level-matched MAG {figure_text(metric, means[best])} against {figure_text(metric, means[BASE])}"
    change = percent_interval(negative(found.share(best, BASE, MAIN)))
    if not _differ(found, best, BASE):
        return (
            "At equal loudness no method is surely better than doing nothing by half a percent or more; nearest is "
            f"{best}, {figures} ({change})."
        )
    if means[best] > means[BASE]:
        return f"At equal loudness every method is worse than doing nothing; nearest is {best}, {figures} ({change})."
    return f"At equal loudness {best} comes nearest the target: {figures} for doing nothing ({change})."


def _against_others(found: Results, best: str, others: list[str]) -> Iterator[str]:
    surely = [name for name in others if _differ(found, best, name)]
    perhaps = [name for name in others if name not in surely]
    parts = [
        f"nearer than {listed(surely)} for sure" if surely else "",
        f"not surely, or not by half a percent, nearer than {listed(perhaps)}" if perhaps else "",
    ]
    if others:
        yield f"{best} is {', but '.join(part for part in parts if part)}."


def _differ(found: Results, method: str, other: str) -> bool:
    """Whether two methods are differently near the target, for sure and by more than next to nothing."""
    return (
        found.difference(method, other, MAIN).leaves_out_zero
        and abs(found.share(method, other, MAIN).value) >= TOO_LITTLE
    )


def _against_one_gain(found: Results, methods: list[str]) -> str:
    means, metric = found.means("mag", found.clips), BY_NAME["mag"]
    better = [name for name in methods if means[name] < means[ONE_GAIN]]
    beaten = f"{listed(better)} did better" if better else "no method did as well"
    return (
        f"In plain MAG, one gain for the whole clip reaches {figure_text(metric, means[ONE_GAIN])} of "
        f"{figure_text(metric, means[BASE])} when it knows the target, without touching the balance; {beaten}."
    )
