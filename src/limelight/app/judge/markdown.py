"""The tables as a page of Markdown: `docs/results.md` is one that was written here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from limelight.app.judge.table import SPLIT_BY, Found, Table
from limelight.app.judge.words import MAIN, against_nothing, against_pictures, figure_text, range_text
from limelight.evaluation.catalogue import BY_NAME, HUNDREDTHS, Metric

BROKEN_DOWN = (MAIN, "gain_error_db")
HEADS = {"difficulty": "By difficulty", "recipe": "By recipe", "kind": "By kind of scene"}


@dataclass(frozen=True)
class Source:
    """What was judged, for the page's head."""

    dataset: str
    split: str
    command: str
    notes: tuple[str, ...] = ()  # sentences on methods


def results_markdown(found: Found, source: Source) -> str:
    """The whole page."""
    return (
        "\n".join(
            [*_head(found, source), *_main(found), *_in_words(found, source), *_broken_down(found), *_how_to_read()]
        )
        + "\n"
    )


def _head(found: Found, source: Source) -> Iterator[str]:
    yield "# Results"
    yield ""
    yield (
        f"{len(found.clips)} clips of the {source.split} split of {source.dataset}, on which every row was measured. "
        f"Made by `{source.command}`; not edited by hand. What the figures mean, and what they hide: [judge.md](judge.md)."
    )
    yield ""


def _main(found: Found) -> Iterator[str]:
    table = found.table()
    yield from _table(table, tuple(m for m in table.metrics if m.unit == HUNDREDTHS))
    yield ""
    yield from _table(table, tuple(m for m in table.metrics if m.unit != HUNDREDTHS))
    yield ""
    yield (
        "Under each figure stands its 95 % interval, by bootstrap over clips. The best of a column is bold among what can "
        "be used on a film; rows in italics are bounds that know the truth, or the same model with a wrong picture."
    )
    yield ""


def _table(table: Table, metrics: tuple[Metric, ...]) -> Iterator[str]:
    heads = (f"{metric.title}, {metric.unit} {'↑' if metric.higher_is_better else '↓'}" for metric in metrics)
    yield f"| {table.clips} clips | {' | '.join(heads)} |"
    yield "|---" + "|---:" * len(metrics) + "|"
    best = {metric.name: table.best(metric) for metric in metrics}
    for row in table.rows:
        name = row.name if row.kind in ("method", "control") else f"*{row.name}*"
        cells = []
        for metric in metrics:
            figure = row.figures[metric.name]
            text = figure_text(metric, figure.value)
            text = f"**{text}**" if row.name in best[metric.name] else text
            cells.append(f"{text}<br><sub>{range_text(metric, figure)}</sub>")
        yield f"| {name} | {' | '.join(cells)} |"


def _in_words(found: Found, source: Source) -> Iterator[str]:
    yield "## In words"
    yield ""
    for name, kind in found.kinds.items():
        if kind == "method":
            for sentence in (*against_nothing(found, name), *against_pictures(found, name)):
                yield f"- {sentence}"
    yield from (f"- {note}" for note in source.notes)
    yield ""


def _broken_down(found: Found) -> Iterator[str]:
    for by in SPLIT_BY:
        groups = found.groups(by)
        yield f"## {HEADS[by]}"
        yield ""
        for name in BROKEN_DOWN:
            metric = BY_NAME[name]
            yield f"| {metric.title}, {metric.unit} | {' | '.join(f'{g} ({len(c)})' for g, c in groups.items())} |"
            yield "|---" + "|---:" * len(groups) + "|"
            columns = [found.means(name, clips) for clips in groups.values()]
            for method in found.kinds:
                cells = (figure_text(metric, column[method]) for column in columns)
                yield f"| {method} | {' | '.join(cells)} |"
            yield ""


def _how_to_read() -> Iterator[str]:
    yield "## How to read this"
    yield ""
    yield (
        "MAG, ENV and W-dis mostly reward the right level: compare any method with *best single gain* before believing "
        "them. What counts is the level-matched figures, the gain error and the balance error, beside artefacts and harm. "
        "*Best gains, true stems* is as far as gains reach at all; *best gains, stems of lite* is as far as they reach with "
        "our separation, so what lies between the two is the separator's."
    )
