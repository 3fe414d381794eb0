"""The results on one page that opens offline: tables, the scatter of every method, and a few clips to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from limelight.app.judge.examples import Example
from limelight.app.judge.markdown import BROKEN_DOWN, HEADS, Source
from limelight.app.judge.svg import banded, gain_curves, scatter, spectrogram
from limelight.app.judge.table import SPLIT_BY, Found, Table
from limelight.app.judge.words import BASE, MAIN, against_nothing, against_pictures, figure_text, range_text
from limelight.app.report.style import STYLE
from limelight.app.report.words import escaped
from limelight.evaluation.bootstrap import Interval
from limelight.evaluation.catalogue import BY_NAME, HUNDREDTHS, Metric
from limelight.evaluation.metrics import magnitudes
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.signals import STEMS

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MORE_STYLE = """
main { max-width: 1400px; } .wide { overflow-x: auto; margin-bottom: 1.5rem; } td.name { white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; }
td small { display: block; color: var(--quiet); } tr.quiet td { color: var(--quiet); font-style: italic; }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: .8rem; }
.dots { display: flex; flex-wrap: wrap; gap: 2rem; }
figure { margin: 0; max-width: 320px; } .spectrum { height: 160px; background: var(--card); }
.scatter circle { fill: var(--speech); opacity: .55; } .curve.truth { opacity: .35; stroke-width: 4; }
"""


def write_page(found: Found, source: Source, examples: Sequence[Example], page: Path) -> None:
    """Writes the page. Raises OutputError."""
    parts = [
        _head(found, source),
        _main(found),
        _words(found, source),
        _dots(found),
        *map(_example, examples),
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


def _head(found: Found, source: Source) -> str:
    return (
        f'<header><div class="over">Limelight, the judge</div><h1>{escaped(source.dataset)}</h1>'
        f'<p class="quiet">{len(found.clips)} clips of the {escaped(source.split)} split<br>'
        f"<code>{escaped(source.command)}</code></p></header>"
    )


def _main(found: Found) -> str:
    table = found.table()
    hundredths = tuple(metric for metric in table.metrics if metric.unit == HUNDREDTHS)
    others = tuple(metric for metric in table.metrics if metric.unit != HUNDREDTHS)
    return _table(table, hundredths) + _table(table, others)


def _table(table: Table, metrics: tuple[Metric, ...]) -> str:
    best = {metric.name: table.best(metric) for metric in metrics}
    heads = "".join(
        f'<th class="n">{escaped(one.title)}, {one.unit} {"↑" if one.higher_is_better else "↓"}</th>' for one in metrics
    )
    rows = []
    for row in table.rows:
        cells = "".join(_cell(metric, row.figures[metric.name], row.name in best[metric.name]) for metric in metrics)
        quiet = "" if row.kind in ("method", "control") else ' class="quiet"'
        rows.append(f'<tr{quiet}><td class="name">{escaped(row.name)}</td>{cells}</tr>')
    return (
        f'<div class="wide"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _cell(metric: Metric, figure: Interval, best: bool) -> str:
    text = figure_text(metric, figure.value)
    text = f"<b>{text}</b>" if best else text
    return f'<td class="n">{text}<small>{range_text(metric, figure)}</small></td>'


def _words(found: Found, source: Source) -> str:
    said = [
        f"<li>{escaped(sentence, limit=2000)}</li>"
        for name, kind in found.kinds.items()
        if kind == "method"
        for sentence in (*against_nothing(found, name), *against_pictures(found, name))
    ]
    said += [f"<li>{escaped(note)}</li>" for note in source.notes]
    return f"<h2>In words</h2><ul>{''.join(said)}</ul>"


def _dots(found: Found) -> str:
    before = found.values(BASE, MAIN)
    drawn = [
        scatter(before, found.values(name, MAIN), title=name)
        for name, kind in found.kinds.items()
        if kind == "method" or name == "best gains, true stems"
    ]
    return f'<h2>Level-matched MAG, before and after</h2><div class="dots">{"".join(drawn)}</div>'


def _example(one: Example) -> str:
    loudest = max(float(banded(magnitudes(sound)).max()) for sound in (one.before, one.after, one.target))
    spectra = "".join(
        f"<div><h3>{name}</h3>{spectrogram(sound, loudest)}</div>"
        for name, sound in (("Before", one.before), (f"After {escaped(one.method)}", one.after), ("Target", one.target))
    )
    legend = "".join(f'<span class="legend"><i class="key {stem}"></i>{stem}</span>' for stem in STEMS)
    said = f"{one.entry.kind} · {one.entry.recipe}: {one.entry.fault} · {one.entry.step_db:g} dB"
    return (
        f'<h2>{escaped(one.entry.name)}</h2><p class="quiet">{escaped(said)}</p><div class="three">{spectra}</div>'
        f"<h3>Gain of each stem, dB<span>strong: what was done · pale: what was right {legend}</span></h3>"
        f"{gain_curves(one.gains_db, one.true_db, one.heard)}"
    )


def _broken_down(found: Found) -> Iterator[str]:
    for by in SPLIT_BY:
        groups = found.groups(by)
        yield f"<h2>{HEADS[by]}</h2>" + "".join(_group(found, groups, name) for name in BROKEN_DOWN)


def _group(found: Found, groups: Mapping[str, Sequence[str]], name: str) -> str:
    metric = BY_NAME[name]
    heads = "".join(f'<th class="n">{escaped(group)} ({len(clips)})</th>' for group, clips in groups.items())
    columns = [found.means(name, clips) for clips in groups.values()]
    rows = "".join(
        f'<tr><td class="name">{escaped(method)}</td>'
        + "".join(f'<td class="n">{figure_text(metric, column[method])}</td>' for column in columns)
        + "</tr>"
        for method in found.kinds
    )
    head = f"<tr><th>{escaped(metric.title)}, {metric.unit}</th>{heads}</tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
