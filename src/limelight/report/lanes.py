"""The one time axis that pictures, waveforms and gain curves share.

    0:00:00          0:00:30          0:01:00        d
    |----------------|----------------|--------------|
    x = 0            x = t / d · 1200                1200

Drawings are 1200 units wide and stretched to the page; labels are placed in percent, so that they keep their size.

The drawings over the common time axis: film strip, waveforms, gain curves, times.

Every drawing is an SVG 1200 units wide, stretched to the page with lines that keep their width; labels are HTML beside
it, so that they keep their size on a telephone.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limelight.mixing.plan import MixPlan
from limelight.report.listening import Envelope
from limelight.report.thumbnails import Cell
from limelight.report.words import clock_time, number
from limelight.types import STEMS, Vector

WIDTH = 1200  # units of a drawing
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)  # s
_MOST_TICKS = 8


@dataclass(frozen=True)
class TimeAxis:
    """Times of a film to places on the page."""

    duration_seconds: float

    def __post_init__(self) -> None:
        if not self.duration_seconds > 0:
            raise ValueError(f"a time axis must last, got {self.duration_seconds} s")

    def share(self, time_seconds: float) -> float:
        """How far along, 0…1; what lies outside the film is put at its ends."""
        return min(1.0, max(0.0, time_seconds / self.duration_seconds))

    def x(self, time_seconds: float) -> float:
        """Units of a drawing, 0…WIDTH."""
        return self.share(time_seconds) * WIDTH

    def percent(self, time_seconds: float) -> str:
        """The same for a style sheet: "12.5%"."""
        return f"{100 * self.share(time_seconds):.3f}%"

    @property
    def ticks(self) -> list[float]:
        """Round times in seconds, the first of them 0, at most nine."""
        step = next((step for step in _STEPS if self.duration_seconds / step <= _MOST_TICKS), _STEPS[-1])
        return [float(k * step) for k in range(int(self.duration_seconds / step) + 1)]


MOST_POINTS = 1200
_WAVE_HEIGHT, _GAIN_HEIGHT, _CUT_HEIGHT = 100, 200, 10
_FEW_CUTS = 80  # beyond, lines through every lane would hide what they divide
_LEAST_RANGE_DB = 3.0
_GRID_DB = (1, 2, 3, 6, 12, 24)
_MOST_LINES = 8


def data_url(kind: str, data: bytes) -> str:
    """Bytes inside the page itself."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def strip_lane(axis: TimeAxis, cells: Sequence[Cell], pictures: Sequence[bytes | None]) -> str:
    """Pictures in their places."""
    shown = "".join(_framed(axis, cell, picture) for cell, picture in zip(cells, pictures, strict=True))
    return f'<div class="strip">{shown}</div>'


def cut_lane(axis: TimeAxis, cuts: Sequence[float]) -> str:
    """A mark for each cut."""
    return _svg("cutmarks", _CUT_HEIGHT, _cuts(axis, cuts, _CUT_HEIGHT))


def wave_lane(axis: TimeAxis, envelope: Envelope, scale: float, cuts: Sequence[float]) -> str:
    """Peak (pale) and root mean square (solid), mirrored; `scale` reaches the edge."""
    shapes = f'<path class="peak" d="{_mirrored(envelope.peak, scale)}"/>'
    shapes += f'<path class="rms" d="{_mirrored(envelope.rms, scale)}"/>'
    middle = f'<path class="zero" d="M0 {_WAVE_HEIGHT / 2:g}H{WIDTH}"/>'
    labels = _labels({0.0: f"{scale:g}", 50.0: "0", 100.0: f"−{scale:g}"})
    return labels + _svg("wave", _WAVE_HEIGHT, _few_cuts(axis, cuts, _WAVE_HEIGHT) + middle + shapes)


def wave_scale(*envelopes: Envelope) -> float:
    """One scale for all, in tenths of full scale, that everything fits into; 1 for silence."""
    highest = max(float(envelope.peak.max(initial=0)) for envelope in envelopes)
    return math.ceil(highest * 10) / 10 or 1.0


def gain_lane(axis: TimeAxis, plan: MixPlan, cuts: Sequence[float]) -> str:
    """One curve per stem over a grid in dB."""
    scale = gain_scale(plan)
    grid = "".join(
        f'<path class="{"grid" if db else "zero"}" d="M0 {scale.y(db):.1f}H{WIDTH}"/>' for db in scale.lines_db
    )
    times = decimated_times(plan)
    x = [axis.x(time) for time in times]
    curves = "".join(
        f'<path class="curve {stem}" d="{_line(x, [scale.y(db) for db in curve])}"/>'
        for stem, curve in zip(STEMS, plan.at(times).tolist(), strict=True)
    )
    labels = _labels({100 * scale.y(db) / _GAIN_HEIGHT: number(db, 0, sign=True) for db in scale.lines_db})
    return labels + _svg("gains", _GAIN_HEIGHT, _few_cuts(axis, cuts, _GAIN_HEIGHT) + grid + curves)


@dataclass(frozen=True)
class GainScale:
    """The range of a drawing of gains, and the levels at which it has a line."""

    low_db: float
    high_db: float
    lines_db: tuple[float, ...]

    def y(self, db: float) -> float:
        """Units of the drawing, from its top."""
        return (self.high_db - db) / (self.high_db - self.low_db) * _GAIN_HEIGHT


def gain_scale(plan: MixPlan) -> GainScale:
    """Round limits around all curves and 0 dB, at most eight lines."""
    lowest = min(float(plan.curves_db.min()), -_LEAST_RANGE_DB)
    highest = max(float(plan.curves_db.max()), _LEAST_RANGE_DB)
    step = next((step for step in _GRID_DB if (highest - lowest) / step <= _MOST_LINES - 2), _GRID_DB[-1])
    low, high = math.floor(lowest / step), math.ceil(highest / step)
    return GainScale(low * step, high * step, tuple(float(k * step) for k in range(low, high + 1)))


def decimated_times(plan: MixPlan) -> Vector:
    """The plan's own times, or 1200 evenly spread over them."""
    times = plan.times_seconds
    return times if len(times) <= MOST_POINTS else np.linspace(0, times[-1], MOST_POINTS)


def time_lane(axis: TimeAxis) -> str:
    """Labels h:mm:ss."""
    said = "".join(
        f'<span class="{_place(axis, time, k)}" style="left:{axis.percent(time)}">{clock_time(time)}</span>'
        for k, time in enumerate(axis.ticks)
    )
    return f'<div class="times">{said}</div>'


def _place(axis: TimeAxis, time_seconds: float, k: int) -> str:
    """The first label begins at its place, one at the end ends there; every other one goes on a narrow page."""
    share = axis.share(time_seconds)
    side = "first" if share < 0.03 else "last" if share > 0.95 else "mid"
    return f"{side} odd" if k % 2 else side


def _framed(axis: TimeAxis, cell: Cell, picture: bytes | None) -> str:
    width = 100 * (axis.share(cell.end_seconds) - axis.share(cell.start_seconds))
    alt = f"Picture at {clock_time(cell.middle_seconds)}"
    image = "" if picture is None else f'<img alt="{alt}" src="{data_url("image/jpeg", picture)}">'
    return f'<span style="left:{axis.percent(cell.start_seconds)};width:{width:.3f}%">{image}</span>'


def _svg(name: str, height: int, inside: str) -> str:
    shape = f'viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" aria-hidden="true"'
    return f'<svg class="{name}" {shape}>{inside}</svg>'


def _cuts(axis: TimeAxis, cuts: Sequence[float], height: int) -> str:
    places = dict.fromkeys(f"{axis.x(cut):.2f}" for cut in cuts)
    return f'<path class="cuts" d="{"".join(f"M{x} 0V{height}" for x in places)}"/>' if places else ""


def _few_cuts(axis: TimeAxis, cuts: Sequence[float], height: int) -> str:
    return _cuts(axis, cuts, height) if len(cuts) <= _FEW_CUTS else ""


def _mirrored(values: Vector, scale: float) -> str:
    """A closed shape around the middle line."""
    middle = _WAVE_HEIGHT / 2
    x = (np.arange(len(values)) + 0.5) * WIDTH / len(values)
    half = np.minimum(values / scale, 1.0) * middle
    return _line([*x, *x[::-1]], [*(middle - half), *(middle + half[::-1])]) + "Z"


def _line(x: Sequence[float], y: Sequence[float]) -> str:
    """M x y L x y …: one pair of numbers per point."""
    return "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in zip(x, y, strict=True))


def _labels(at: dict[float, str]) -> str:
    """Numbers in the margin, at so many percent of the height."""
    return (
        '<div class="scale">'
        + "".join(f'<span style="top:{p:.2f}%">{text}</span>' for p, text in at.items())
        + "</div>"
    )
