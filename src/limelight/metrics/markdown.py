"""The tables as a page of Markdown: `docs/results.md` is one that was written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from limelight.metrics.goals import goals_table
from limelight.metrics.sections import (
    GOALS_SAID,
    HOW_TO_READ,
    MAIN,
    PICTURE_SAID,
    PLAIN_KINDS,
    UNDER_TABLES,
    TableSource,
    broken_down,
    clips_said,
    groupings,
    picture_groups,
    tables,
)
from limelight.metrics.sentences import in_short, of_methods, pictures_of
from limelight.metrics.tables import Results, Table, best_of, figure_text, percent, percent_range, range_text


def results_markdown(found: Results, source: TableSource) -> str:
    """The whole page."""
    parts = (
        _head(found, source),
        _in_words(found, source),
        _main(found),
        _goals(found),
        _pictures(found),
        _broken_down(found),
        _how_to_read(),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(found: Results, source: TableSource) -> Iterator[str]:
    yield "# Results"
    yield ""
    yield (
        f"{clips_said(found, source)} Made by `{source.command}`; not edited by hand. What the figures mean, and what they "
        "hide: [judge.md](judge.md)."
    )
    yield ""


def _in_words(found: Results, source: TableSource) -> Iterator[str]:
    yield "## In words"
    yield ""
    yield from (f"- {_harmless(sentence)}" for sentence in in_short(found))
    yield from (f"- **{_harmless(told.method)}.** {_harmless(told.text)}" for told in of_methods(found))
    yield from (f"- {_harmless(note)}" for note in source.notes)
    yield ""


def _main(found: Results) -> Iterator[str]:
    for head, table in tables(found):
        yield f"## {head}"
        yield ""
        yield from _table(table)
        yield ""
    yield UNDER_TABLES
    yield ""


def _table(table: Table) -> Iterator[str]:
    heads = [f"{one.title}, {one.unit} {'↑' if one.higher_is_better else '↓'}" for one in table.metrics]
    yield from _top([f"{table.clips} clips", *heads])
    best = {metric.name: table.best(metric) for metric in table.metrics}
    for row in table.rows:
        cells = []
        for metric in table.metrics:
            figure = row.figures[metric.name]
            text = _marked(figure_text(metric, figure.value), row.name in best[metric.name])
            cells.append(_over(text, range_text(metric, figure)))
        yield _line([_named(row.name, row.kind), *cells])


def _goals(found: Results) -> Iterator[str]:
    lines = list(goals_table(found))
    if lines:
        yield from ("## Wanted and found", "", GOALS_SAID, "", *_top(lines[0]), *map(_line, lines[1:]), "")


def _pictures(found: Results) -> Iterator[str]:
    rows = [(method, other, what) for method in found.kinds for other, what in pictures_of(found, method).items()]
    if not rows:
        return
    groups = picture_groups(found)
    yield from ("## What the picture is worth", "", PICTURE_SAID, "")
    yield from _top(["", *(f"{group} ({len(clips)})" for group, clips in groups.items())])
    for method, other, what in rows:
        shares = (found.share(method, other, MAIN, clips) for clips in groups.values())
        cells = (_over(percent(share.value), percent_range(share)) for share in shares)
        yield _line([_harmless(f"{method}, against {what}"), *cells])
    yield ""


def _broken_down(found: Results) -> Iterator[str]:
    for head, groups in groupings(found):
        yield from (f"## {head}", "")
        for metric, means in broken_down(found, groups):
            yield from _top([f"{metric.title}, {metric.unit}", *(f"{g} ({len(c)})" for g, c in groups.items())])
            best = {group: best_of(values, found.kinds, metric) for group, values in means.items()}
            for method, kind in found.kinds.items():
                cells = (_marked(figure_text(metric, means[g][method]), method in best[g]) for g in groups)
                yield _line([_named(method, kind), *cells])
            yield ""


def _how_to_read() -> Iterator[str]:
    yield from ("## How to read this", "", HOW_TO_READ)


def _named(name: str, kind: str) -> str:
    return _harmless(name) if kind in PLAIN_KINDS else f"*{_harmless(name)}*"


def _marked(text: str, best: bool) -> str:
    return f"**{text}**" if best else text


def _harmless(text: str) -> str:
    """A name out of a model's card or a data set, which may hold anything: no markup, no other cell."""
    return text.replace("<", "&lt;").replace("|", "\\|")


def _over(text: str, small: str) -> str:
    """A figure, and under it its interval if it has one."""
    return f"{text}<br><sub>{small}</sub>" if small else text


def _top(heads: Sequence[str]) -> Iterator[str]:
    yield _line(map(_harmless, heads))
    yield "|---" + "|---:" * (len(heads) - 1) + "|"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
