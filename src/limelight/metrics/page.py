"""The page of an evaluation, and its plots.

What is drawn on the page of results, as numbers for its template: spectra, gains against the truth, before and after.

The results as a page of Markdown, and as one that opens offline with drawings: the same tables, by Jinja2 templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from limelight.dataset.manifest import Entry
from limelight.media.sample_frames import encode_png
from limelight.metrics.balance import audible, in_decibels, moving_gains
from limelight.metrics.bootstrap import Interval
from limelight.metrics.clips import EvalClip, another_of, mono, monos, read_eval_clip
from limelight.metrics.goals import goals_table
from limelight.metrics.methods import Method
from limelight.metrics.papers import SAMPLE_RATE, magnitudes
from limelight.metrics.registry import Metric
from limelight.metrics.sentences import in_short, of_methods, pictures_of
from limelight.metrics.tables import (
    BASE,
    HEADS,
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
from limelight.report.drawings import data_url
from limelight.report.page import STYLE
from limelight.report.templating import render, write_text
from limelight.report.words import number
from limelight.types import STEMS
from limelight.vision.images import by_area

Array = NDArray[np.float64]

WIDTH, HEIGHT = 640, 160
DEEPEST_DB, BANDS, COLUMNS = 70.0, 96, 320
LOWEST_HZ, HIGHEST_HZ = 60.0, 16_000.0
RANGE_DB = 18.0


def spectrogram(sound: NDArray[np.floating], loudest: float) -> Markup:
    """|STFT| of a mono sound at 44.1 kHz, in dB under `loudest`, frequency on a logarithmic scale; grey, loud is dark.

    A PNG as the address of an image.
    """
    bands = banded(magnitudes(sound))
    levels = 20 * np.log10(np.maximum(bands, 1e-9) / max(loudest, 1e-9))
    shade = np.clip(-levels / DEEPEST_DB, 0, 1)[::-1]  # low sounds at the bottom
    pixels = np.round(by_area((255 * shade).astype(np.float32), BANDS, COLUMNS)).astype(np.uint8)
    return Markup(data_url("image/png", encode_png(pixels)))


def banded(spectrum: Array) -> Array:
    """The largest magnitude in each of `BANDS` logarithmic bands, [F, T] to [BANDS, T]."""
    hertz = np.arange(spectrum.shape[0]) * 22_050 / (spectrum.shape[0] - 1)
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
    first = np.minimum(np.searchsorted(hertz, edges[:-1]), len(hertz) - 1)
    last = np.maximum(np.searchsorted(hertz, edges[1:]), first + 1)
    return np.stack([spectrum[a:b].max(axis=0) for a, b in zip(first, last, strict=True)])


@dataclass(frozen=True)
class GainLine:
    """The gain of one stem over time, as the path of an SVG."""

    stem: str
    path: Markup
    truth: bool = False  # what was right, rather than what was done


@dataclass(frozen=True)
class GainCurves:
    """Gains of the stems that are heard: what was done against what was right."""

    lines: tuple[GainLine, ...]
    width: int = WIDTH
    height: int = HEIGHT
    range_db: float = RANGE_DB

    @classmethod
    def of(cls, found_db: Array, true_db: Array, heard: Sequence[bool]) -> GainCurves:
        """Of gains [K, T]."""
        lines = []
        for stem, found, true, there in zip(STEMS, found_db, true_db, heard, strict=True):
            if there:
                lines += [GainLine(stem, _path(true), truth=True), GainLine(stem, _path(found))]
        return cls(tuple(lines))


@dataclass(frozen=True)
class Scatter:
    """A dot for each clip: level-matched MAG before and after, from 0 to `largest`; under the line is better."""

    title: str
    dots: tuple[tuple[str, str], ...]
    largest: str
    size: int = 320

    @classmethod
    def of(cls, before: Array, after: Array, *, title: str, largest: float) -> Scatter:
        """Of raw figures of clips, [n]."""
        dots = (
            (f"{cls.size * x / largest:.1f}", f"{cls.size * (1 - y / largest):.1f}")
            for x, y in zip(before, after, strict=True)
            if np.isfinite(x + y)
        )
        return cls(title, tuple(dots), number(100 * largest))


def _path(curve_db: Array) -> Markup:
    levels = np.clip(curve_db, -RANGE_DB, RANGE_DB)
    across = np.linspace(0, WIDTH, len(levels))
    down = HEIGHT / 2 * (1 - levels / RANGE_DB)
    return Markup("M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(across, down, strict=True)))


FLOOR_DB = -40.0
DRAWN_PER_SECOND = 2  # fast enough to be seen; between a weak stem's sounds its gains are anything


@dataclass(frozen=True, eq=False, repr=False)
class Example:
    """One clip of one method, as metrics hear it."""

    entry: Entry
    method: str
    before: NDArray[np.float32]  # [N]
    after: NDArray[np.float32]
    target: NDArray[np.float32]
    gains_db: Array  # [K, T], of the stems as they are in the input; by least squares, whatever the method does
    true_db: Array  # [K, T]
    heard: tuple[bool, ...]  # [K]

    @classmethod
    def of(cls, clip: EvalClip, entry: Entry, method: Method) -> Example:
        """Runs the method on the clip."""
        stems = monos(clip.degraded)
        before, after, target = (mono(sound) for sound in (clip.input, method.remix(clip).samples, clip.target))
        gains, true = (_changes_db(before, sound, stems) for sound in (after, target))
        return cls(entry, method.name, before, after, target, gains, true, tuple(audible(monos(clip.stems)).tolist()))


@dataclass(frozen=True)
class DrawnExample:
    """An example, ready for a page."""

    entry: Entry
    spectra: tuple[tuple[str, Markup], ...]  # what it is, and the address of an image
    curves: GainCurves


def drawn_example(one: Example) -> DrawnExample:
    """Spectra of before, after and target on one scale, and the gains."""
    sounds = (("Before", one.before), (f"After {one.method}", one.after), ("Target", one.target))
    loudest = max(float(banded(magnitudes(sound)).max()) for _, sound in sounds)
    spectra = tuple((name, spectrogram(sound, loudest)) for name, sound in sounds)
    return DrawnExample(one.entry, spectra, GainCurves.of(one.gains_db, one.true_db, one.heard))


def examples_of(folder: Path, entries: Sequence[Entry], method: Method, count: int) -> list[Example]:
    """So many clips, of different kinds as far as there are any; the same ones for the same data set."""
    return [
        Example.of(read_eval_clip(folder, entry, another_of(entry, entries)), entry, method)
        for entry in spread(entries, count)
    ]


def spread(entries: Sequence[Entry], count: int) -> list[Entry]:
    """A few clips, in turn from each kind of scene and recipe."""
    kinds: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        kinds.setdefault((entry.kind, entry.recipe), []).append(entry)
    turns = range(max(map(len, kinds.values()), default=0))
    return [of[turn] for turn in turns for of in kinds.values() if turn < len(of)][:count]


def _changes_db(before: NDArray[np.float32], after: NDArray[np.float32], stems: NDArray[np.float32]) -> Array:
    """The gains that explain best how a mix became another, [K, T]."""
    return in_decibels(
        1 + moving_gains(after - before, stems, sample_rate=SAMPLE_RATE, points_per_second=DRAWN_PER_SECOND),
        floor_db=FLOOR_DB,
    )


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
        "groups": [(HEADS[by], list(_broken_down(found, by, groups))) for by, groups in groupings(found)],
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


def _broken_down(found: Results, by: str, groups: dict[str, tuple[str, ...]]) -> Iterator[Grid]:
    for metric, means in broken_down(found, by, groups):
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
