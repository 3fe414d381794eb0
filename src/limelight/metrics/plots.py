"""Pictures of results as inline SVG: spectrograms, gain curves against the truth, and a scatter of before and after.

A few clips of a method to look at: spectra before, after and as they should be; its gains against the right ones.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.dataset.manifest import Entry
from limelight.metrics.balance import audible
from limelight.metrics.clips import EvalClip, mono, monos, read_eval_clip
from limelight.metrics.explanation import in_decibels, moving_gains
from limelight.metrics.methods import Method
from limelight.metrics.papers import SAMPLE_RATE, magnitudes
from limelight.metrics.run import another_of
from limelight.report.words import escaped, number
from limelight.types import STEMS

Array = NDArray[np.float64]

WIDTH, HEIGHT = 640, 160
DEEPEST_DB, BANDS, COLUMNS = 70.0, 96, 320
LOWEST_HZ, HIGHEST_HZ = 60.0, 16_000.0
RANGE_DB = 18.0


def spectrogram(sound: NDArray[np.floating], loudest: float) -> str:
    """|STFT| of a mono sound at 44.1 kHz, in dB under `loudest`, frequency on a logarithmic scale; grey, loud is dark."""
    bands = banded(magnitudes(sound))
    levels = 20 * np.log10(np.maximum(bands, 1e-9) / max(loudest, 1e-9))
    shade = np.clip(-levels / DEEPEST_DB, 0, 1)[::-1]  # low sounds at the bottom
    pixels = cv2.resize((255 * shade).astype(np.uint8), (COLUMNS, BANDS), interpolation=cv2.INTER_AREA)
    data = base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()
    return (
        f'<svg class="spectrum" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img">'
        f'<image width="{WIDTH}" height="{HEIGHT}" preserveAspectRatio="none" href="data:image/png;base64,{data}"/></svg>'
    )


def banded(spectrum: Array) -> Array:
    """The largest magnitude in each of `BANDS` logarithmic bands, [F, T] to [BANDS, T]."""
    hertz = np.arange(spectrum.shape[0]) * 22_050 / (spectrum.shape[0] - 1)
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
    first = np.minimum(np.searchsorted(hertz, edges[:-1]), len(hertz) - 1)
    last = np.maximum(np.searchsorted(hertz, edges[1:]), first + 1)
    return np.stack([spectrum[a:b].max(axis=0) for a, b in zip(first, last, strict=True)])


def gain_curves(found_db: Array, true_db: Array, heard: Sequence[bool]) -> str:
    """Gains [K, T] of the stems that are heard: what was done (strong) against what was right (pale)."""
    lines = [f'<path class="zero" d="M0 {HEIGHT / 2}H{WIDTH}"/>']
    for stem, found, true, there in zip(STEMS, found_db, true_db, heard, strict=True):
        if there:
            lines.append(f'<path class="curve {stem} truth" d="{_path(true)}"/>')
            lines.append(f'<path class="curve {stem}" d="{_path(found)}"/>')
    return (
        f'<div class="lanes"><div class="lane"><div class="scale"><span style="top:0">+{RANGE_DB:g}</span>'
        f'<span style="top:50%">0</span><span style="top:100%">−{RANGE_DB:g}</span></div>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" style="height:{HEIGHT}px">{"".join(lines)}</svg>'
        "</div></div>"
    )


def scatter(before: Array, after: Array, *, title: str, largest: float) -> str:
    """A dot for each clip: level-matched MAG before and after, from 0 to `largest`, raw; under the line is better."""
    size = 320
    dots = "".join(
        f'<circle cx="{size * x / largest:.1f}" cy="{size * (1 - y / largest):.1f}" r="3"/>'
        for x, y in zip(before, after, strict=True)
        if np.isfinite(x + y)
    )
    return (
        f'<figure><svg class="scatter" viewBox="0 0 {size} {size}" style="width:{size}px;height:{size}px">'
        f'<path class="zero" d="M0 {size}L{size} 0"/><path class="grid" d="M0 0V{size}H{size}"/>{dots}'
        f'<text x="4" y="12">after, to {number(100 * largest)}</text>'
        f'<text x="{size}" y="{size - 5}" text-anchor="end">before, to {number(100 * largest)}</text></svg>'
        f"<figcaption>{escaped(title)}</figcaption></figure>"
    )


def _path(curve_db: Array) -> str:
    levels = np.clip(curve_db, -RANGE_DB, RANGE_DB)
    across = np.linspace(0, WIDTH, len(levels))
    down = HEIGHT / 2 * (1 - levels / RANGE_DB)
    return "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(across, down, strict=True))


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
    def of(cls, trial: EvalClip, entry: Entry, method: Method) -> Example:
        """Runs the method on the clip."""
        stems = monos(trial.spoilt)
        before, after, target = (mono(sound) for sound in (trial.input, method.remix(trial).samples, trial.target))
        gains, true = (_changes_db(before, sound, stems) for sound in (after, target))
        return cls(entry, method.name, before, after, target, gains, true, tuple(audible(monos(trial.stems)).tolist()))


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
