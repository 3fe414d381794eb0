"""The results on one page that opens offline: tables, the scatter of every method, and a few clips to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.metrics.bootstrap import Interval
from limelight.metrics.goals import goals_table
from limelight.metrics.papers import magnitudes
from limelight.metrics.plots import Example, banded, gain_curves, scatter, spectrogram
from limelight.metrics.registry import Metric
from limelight.metrics.sections import (
    BASE,
    GOALS_SAID,
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
from limelight.report.page import STYLE
from limelight.report.words import escaped
from limelight.types import STEMS

EXAMPLES_SAID = (
    "Spectra: time across, pitch up from 60 Hz to 16 kHz, loud is dark. Gains: those that explain best what became of the "
    "mix, and what should have; where a stem hardly sounds they are anything."
)
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MORE_STYLE = """
main { max-width: 1400px; } .wide { overflow-x: auto; margin-bottom: 1.5rem; } td.name { min-width: 11rem; }
td.n, th.n { text-align: right; } td.n { white-space: nowrap; } .wide th { vertical-align: bottom; white-space: normal; }
td small { display: block; color: var(--quiet); } tr.quiet td { color: var(--quiet); font-style: italic; }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: .8rem; }
.dots { display: flex; flex-wrap: wrap; gap: 2rem; }
figure { margin: 0; max-width: 320px; }
.spectrum { height: 160px; background: var(--card); }
.scatter text { font-size: 11px; fill: var(--quiet); }
.scatter circle { fill: var(--speech); opacity: .55; } .curve.truth { opacity: .35; stroke-width: 4; }
"""


def write_page(found: Results, source: TableSource, examples: Sequence[Example], page: Path) -> None:
    """Writes the page. Raises OutputError."""
    parts = [
        _head(found, source),
        _words(found, source),
        *_main(found),
        _goals(found),
        _pictures(found),
        _dots(found),
        *_examples(examples),
        *_broken_down(found),
    ]
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(source.dataset)} · Limelight</title><style>{STYLE}{MORE_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
    with whole_or_absent(page) as temporary, naming_write_errors(page):
        temporary.write_text(text, encoding="utf-8")


def _head(found: Results, source: TableSource) -> str:
    return (
        f'<header><div class="over">Limelight, the judge</div><h1>{escaped(source.dataset)}</h1>'
        f'<p class="quiet">{escaped(clips_said(found, source))}<br><code>{escaped(source.command)}</code></p></header>'
    )


def _words(found: Results, source: TableSource) -> str:
    short = "".join(f"<p>{escaped(sentence, limit=2000)}</p>" for sentence in in_short(found))
    said = [f"<li><b>{escaped(one.method)}.</b> {escaped(one.text, limit=4000)}</li>" for one in of_methods(found)]
    said += [f"<li>{escaped(note)}</li>" for note in source.notes]
    return f"<h2>In words</h2>{short}<ul>{''.join(said)}</ul>"


def _main(found: Results) -> Iterator[str]:
    for head, table in tables(found):
        yield f"<h2>{head}</h2>{_table(table)}"
    yield f'<p class="quiet">{UNDER_TABLES}</p>'


def _table(table: Table) -> str:
    best = {metric.name: table.best(metric) for metric in table.metrics}
    heads = [f"{one.title}, {one.unit} {'↑' if one.higher_is_better else '↓'}" for one in table.metrics]
    rows = [
        (row.name, row.kind, [_cell(one, row.figures[one.name], row.name in best[one.name]) for one in table.metrics])
        for row in table.rows
    ]
    return _grid([f"{table.clips} clips", *heads], rows)


def _cell(metric: Metric, figure: Interval, best: bool) -> str:
    return f"{_marked(figure_text(metric, figure.value), best)}<small>{range_text(metric, figure)}</small>"


def _goals(found: Results) -> str:
    lines = list(goals_table(found))
    if not lines:
        return ""
    rows = [(what, "method", [escaped(cell) for cell in cells]) for what, *cells in lines[1:]]
    return f'<h2>Wanted and found</h2><p class="quiet">{GOALS_SAID}</p>{_grid(lines[0], rows)}'


def _pictures(found: Results) -> str:
    groups = picture_groups(found)
    rows = []
    for method in found.kinds:
        for other, what in pictures_of(found, method).items():
            shares = [found.share(method, other, MAIN, clips) for clips in groups.values()]
            cells = [f"{percent(share.value)}<small>{percent_range(share)}</small>" for share in shares]
            rows.append((f"{method}, against {what}", "method", cells))
    if not rows:
        return ""
    heads = ["", *(f"{group} ({len(clips)})" for group, clips in groups.items())]
    return f'<h2>What the picture is worth</h2><p class="quiet">{PICTURE_SAID}</p>{_grid(heads, rows)}'


def _grid(heads: Sequence[str], rows: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """A table: heads as plain text; of each row its name, its kind, and cells of HTML."""
    first, *others = map(escaped, heads)
    top = f"<th>{first}</th>" + "".join(f'<th class="n">{head}</th>' for head in others)
    body = []
    for name, kind, cells in rows:
        quiet = "" if kind in PLAIN_KINDS else ' class="quiet"'
        figures = "".join(f'<td class="n">{cell}</td>' for cell in cells)
        body.append(f'<tr{quiet}><td class="name">{escaped(name)}</td>{figures}</tr>')
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def _marked(text: str, best: bool) -> str:
    return f"<b>{text}</b>" if best else text


def _dots(found: Results) -> str:
    before = found.values(BASE, MAIN)
    shown = [name for name, kind in found.kinds.items() if kind == "method" or name == "best gains, true stems"]
    after = {name: found.values(name, MAIN) for name in shown}
    largest = 1.05 * max(float(np.nanmax(values, initial=1e-9)) for values in (before, *after.values()))
    drawn = (scatter(before, values, title=name, largest=largest) for name, values in after.items())
    return (
        '<h2>Level-matched MAG, before and after</h2><p class="quiet">Each dot is a clip; under the line is better.</p>'
        f'<div class="dots">{"".join(drawn)}</div>'
    )


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    if examples:
        yield f'<h2>A few clips</h2><p class="quiet">{EXAMPLES_SAID}</p>'
    yield from map(_example, examples)


def _example(one: Example) -> str:
    loudest = max(float(banded(magnitudes(sound)).max()) for sound in (one.before, one.after, one.target))
    spectra = "".join(
        f"<div><h3>{name}</h3>{spectrogram(sound, loudest)}</div>"
        for name, sound in (("Before", one.before), (f"After {escaped(one.method)}", one.after), ("Target", one.target))
    )
    legend = "".join(f'<span class="legend"><i class="key {stem}"></i>{stem}</span>' for stem in STEMS)
    said = f"{one.entry.kind} · {one.entry.recipe}: {one.entry.fault} · {one.entry.step_db:g} dB"
    return (
        f'<h3>{escaped(one.entry.name)}</h3><p class="quiet">{escaped(said)}</p><div class="three">{spectra}</div>'
        f"<h3>Gain of each stem, dB<span>strong: what was done · pale: what was right {legend}</span></h3>"
        f"{gain_curves(one.gains_db, one.true_db, one.heard)}"
    )


def _broken_down(found: Results) -> Iterator[str]:
    for head, groups in groupings(found):
        yield f"<h2>{head}</h2>"
        for metric, means in broken_down(found, groups):
            best = {group: best_of(values, found.kinds, metric) for group, values in means.items()}
            rows = [
                (name, kind, [_marked(figure_text(metric, means[g][name]), name in best[g]) for g in groups])
                for name, kind in found.kinds.items()
            ]
            yield _grid([f"{metric.title}, {metric.unit}", *(f"{g} ({len(c)})" for g, c in groups.items())], rows)
