"""The results as a page of Markdown, and as one that opens offline with drawings: the same tables, by Jinja2 templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from limelight.metrics.bootstrap import Interval
from limelight.metrics.goals import goals_table
from limelight.metrics.plots import Example, Scatter, drawn_example
from limelight.metrics.registry import Metric
from limelight.metrics.sentences import in_short, of_methods, pictures_of
from limelight.metrics.tables import (
    BASE,
    MAIN,
    PLAIN_KINDS,
    Results,
    Table,
    TableSource,
    best_of,
    broken_down,
    clips_said,
    figure_text,
    groupings,
    percent,
    percent_range,
    picture_groups,
    range_text,
    tables,
)
from limelight.report.page import STYLE
from limelight.report.templating import render, write_text
from limelight.types import STEMS


@dataclass(frozen=True)
class TableCell:
    """One figure as it is printed, with its interval if it has one."""

    text: str
    small: str = ""
    best: bool = False


@dataclass(frozen=True)
class GridRow:
    """A row of any table; quiet ones cannot be used on a film."""

    name: str
    cells: tuple[TableCell, ...]
    quiet: bool = False


@dataclass(frozen=True)
class Grid:
    """A table as it is printed; the first head is that of the names."""

    heads: tuple[str, ...]
    rows: tuple[GridRow, ...]


def write_markdown(found: Results, source: TableSource, path: Path) -> Path:
    """Writes the tables as Markdown. Raises OutputError."""
    return write_text(results_markdown(found, source), path)


def results_markdown(found: Results, source: TableSource) -> str:
    """The same as text."""
    return render("metrics", "results.md.j2", **_told(found, source))


def write_page(found: Results, source: TableSource, examples: Sequence[Example], path: Path) -> Path:
    """Writes the page with drawings. Raises OutputError."""
    drawings = {
        "style": Markup(STYLE),
        "scatters": list(_scatters(found)),
        "examples": list(map(drawn_example, examples)),
        "stems": STEMS,
    }
    return write_text(render("metrics", "results.html.j2", **_told(found, source), **drawings), path)


def _told(found: Results, source: TableSource) -> dict[str, object]:
    """What both pages say."""
    return {
        "source": source,
        "clips_said": clips_said(found, source),
        "in_short": list(in_short(found)),
        "methods": list(of_methods(found)),
        "tables": [(head, _main(table)) for head, table in tables(found)],
        "goals": _goals(found),
        "pictures": _pictures(found),
        "groups": [(head, list(_broken_down(found, groups))) for head, groups in groupings(found)],
    }


def _main(table: Table) -> Grid:
    best = {metric.name: table.best(metric) for metric in table.metrics}
    heads = [f"{one.title}, {one.unit} {'↑' if one.higher_is_better else '↓'}" for one in table.metrics]
    rows = (
        _row(
            row.name, row.kind, (_cell(one, row.figures[one.name], row.name in best[one.name]) for one in table.metrics)
        )
        for row in table.rows
    )
    return Grid((f"{table.clips} clips", *heads), tuple(rows))


def _row(name: str, kind: str, cells: Iterable[TableCell]) -> GridRow:
    return GridRow(name, tuple(cells), quiet=kind not in PLAIN_KINDS)


def _cell(metric: Metric, figure: Interval, best: bool) -> TableCell:
    return TableCell(figure_text(metric, figure.value), range_text(metric, figure), best)


def _goals(found: Results) -> Grid | None:
    lines = list(goals_table(found))
    if not lines:
        return None
    return Grid(tuple(lines[0]), tuple(GridRow(what, tuple(map(TableCell, cells))) for what, *cells in lines[1:]))


def _pictures(found: Results) -> Grid | None:
    groups = picture_groups(found)
    rows = [
        GridRow(f"{method}, against {what}", tuple(_shares(found, method, other, groups)))
        for method in found.kinds
        for other, what in pictures_of(found, method).items()
    ]
    heads = ("", *(f"{group} ({len(clips)})" for group, clips in groups.items()))
    return Grid(heads, tuple(rows)) if rows else None


def _shares(found: Results, method: str, other: str, groups: Mapping[str, Sequence[str]]) -> Iterator[TableCell]:
    for clips in groups.values():
        share = found.share(method, other, MAIN, clips)
        yield TableCell(percent(share.value), percent_range(share))


def _broken_down(found: Results, groups: dict[str, tuple[str, ...]]) -> Iterator[Grid]:
    for metric, means in broken_down(found, groups):
        best = {group: best_of(values, found.kinds, metric) for group, values in means.items()}
        rows = (
            _row(name, kind, (TableCell(figure_text(metric, means[g][name]), best=name in best[g]) for g in groups))
            for name, kind in found.kinds.items()
        )
        yield Grid((f"{metric.title}, {metric.unit}", *(f"{g} ({len(c)})" for g, c in groups.items())), tuple(rows))


def _scatters(found: Results) -> Iterator[Scatter]:
    before = found.values(BASE, MAIN)
    shown = [name for name, kind in found.kinds.items() if kind == "method" or name == "best gains, true stems"]
    after = {name: found.values(name, MAIN) for name in shown}
    largest = 1.05 * max(float(np.nanmax(values, initial=1e-9)) for values in (before, *after.values()))
    for name, values in after.items():
        yield Scatter.of(before, values, title=name, largest=largest)
