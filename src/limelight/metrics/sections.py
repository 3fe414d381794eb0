"""What stands in the results, in which order: the same on the page of Markdown and on that of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from limelight.metrics.registry import BY_NETWORKS, BY_STEMS, DECIDED, HARM, LEVEL_MATCHED, PAPERS, SI_SDR, Metric
from limelight.metrics.tables import SPLIT_BY, Results, Table

MAIN = "mag_level_matched"
BASE = "do nothing"
BROKEN_DOWN = (MAIN, "gain_error_db")
HEADS = {"difficulty": "By difficulty", "recipe": "By recipe", "kind": "By kind of scene"}
PLAIN_KINDS = ("method", "control")  # the others are bounds, or models with a wrong picture

PARTS = (
    ("Balance, artefacts, harm", (*LEVEL_MATCHED, *BY_STEMS, SI_SDR, *HARM)),
    ("The papers' figures, which mostly tell the level", (*PAPERS, *BY_NETWORKS)),
    ("What was decided, before any stem was cut out", DECIDED),
)
UNDER_TABLES = (
    "Arrows say which way is better. Under each figure stands its 95 % interval, by bootstrap over clips. The best of a "
    "column is bold among what can be used on a film; in artefacts and harm among methods, since whoever does nothing is "
    "perfect there. Rows in italics cannot be used: they know the truth, or are the same model with a wrong picture."
)
GOALS_SAID = "What is wanted of the model that Limelight comes with, and how far every method is: ✓ reached, ✗ not."
PICTURE_SAID = (
    "How much of the level-matched MAG that is left with a wrong picture goes with the right one. Above 0 the model looks; "
    "the interval must leave 0 out for that to be sure."
)
HOW_TO_READ = (
    "MAG, ENV and W-dis mostly reward the right level: compare any method with *best single gain* before believing "
    "them. What counts is the level-matched figures, the gain error and the balance error, beside artefacts and harm. "
    "*Best gains, true stems* is as far as gains reach at all; *best gains, stems of lite* is as far as they reach with "
    "our separation, so what lies between the two is the separator's."
)


@dataclass(frozen=True)
class TableSource:
    """What was judged, for the page's head."""

    dataset: str
    split: str
    command: str
    notes: tuple[str, ...] = ()  # sentences on methods


def clips_said(found: Results, source: TableSource) -> str:
    """How many clips, and of what."""
    good = f"; besides {len(found.good)} that nobody spoilt, on which harm is measured" if _apart(found) else ""
    return f"{len(found.clips)} clips of the {source.split} split of {source.dataset}, on which every row was measured{good}."


def tables(found: Results) -> Iterator[tuple[str, Table]]:
    """The main tables by their heads: rows that have any figure, columns that were measured."""
    whole = found.table()
    for head, metrics in PARTS:
        part = whole.part(metrics)
        if part.rows and part.metrics:
            yield head, part


def groupings(found: Results) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """By what clips are told apart, and the groups, where there are several."""
    for by in SPLIT_BY:
        groups = found.groups(by)
        if len(groups) > 1:
            yield HEADS[by], groups


def broken_down(
    found: Results, groups: dict[str, tuple[str, ...]]
) -> Iterator[tuple[Metric, dict[str, dict[str, float]]]]:
    """For each metric its means [group][method], raw."""
    for metric in found.metrics():
        if metric.name in BROKEN_DOWN:
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
