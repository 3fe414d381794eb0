"""The drawings of a page, worked out in numbers; `templates/drawings.html.j2` has their markup.

    0:00:00          0:00:30          0:01:00        d
    |----------------|----------------|--------------|
    x = 0            x = t / d · 1200                1200

Film strip, waveforms, gain curves and labels share one time axis. Drawings are 1200 units wide and stretched to the page;
labels are placed in percent, so that they keep their size.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from limelight.mixing.plan import MixPlan
from limelight.report.listening import Envelope
from limelight.report.thumbnails import Cell
from limelight.report.words import clock_time, number
from limelight.types import STEMS, Vector

WIDTH = 1200  # units of a drawing
MOST_POINTS = 1200
WAVE_HEIGHT, GAIN_HEIGHT, CUT_HEIGHT = 100, 200, 10  # units, as in the template
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)  # s
_MOST_TICKS = 8
_FEW_CUTS = 80  # beyond, lines through every lane would hide what they divide
_LEAST_RANGE_DB = 3.0
_GRID_DB = (1, 2, 3, 6, 12, 24)
_MOST_LINES = 8


def data_url(kind: str, data: bytes) -> Markup:
    """Bytes inside the page itself."""
    return Markup(f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}")


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

    def width(self, start_seconds: float, end_seconds: float) -> str:
        """How wide a stretch is, for a style sheet."""
        return f"{100 * (self.share(end_seconds) - self.share(start_seconds)):.3f}%"


@dataclass(frozen=True)
class StripPicture:
    """A picture in its place; no address where none could be found."""

    left: str
    width: str
    at: str
    address: Markup | None


def strip(axis: TimeAxis, cells: Sequence[Cell], pictures: Sequence[bytes | None]) -> list[StripPicture]:
    """Pictures in their places."""
    return [
        StripPicture(
            axis.percent(cell.start_seconds),
            axis.width(cell.start_seconds, cell.end_seconds),
            clock_time(cell.middle_seconds),
            None if picture is None else data_url("image/jpeg", picture),
        )
        for cell, picture in zip(cells, pictures, strict=True)
    ]


def cut_marks(axis: TimeAxis, cuts: Sequence[float], height: int = CUT_HEIGHT) -> Markup:
    """A path with a line for each cut."""
    places = dict.fromkeys(f"{axis.x(cut):.2f}" for cut in cuts)
    return Markup("".join(f"M{x} 0V{height}" for x in places))


@dataclass(frozen=True)
class ScaleLabel:
    """A number in the margin."""

    percent: str  # of the height, from the top
    text: str


@dataclass(frozen=True)
class WaveDrawing:
    """Peak (pale) and root mean square (solid), mirrored."""

    peak: Markup
    rms: Markup
    cuts: Markup
    labels: tuple[ScaleLabel, ...]


def wave_drawing(axis: TimeAxis, envelope: Envelope, scale: float, cuts: Sequence[float]) -> WaveDrawing:
    """The shape of a soundtrack; `scale` reaches the edge."""
    return WaveDrawing(
        _mirrored(envelope.peak, scale),
        _mirrored(envelope.rms, scale),
        _few_cuts(axis, cuts, WAVE_HEIGHT),
        (ScaleLabel("0.00%", f"{scale:g}"), ScaleLabel("50.00%", "0"), ScaleLabel("100.00%", f"−{scale:g}")),
    )


def wave_scale(*envelopes: Envelope) -> float:
    """One scale for all, in tenths of full scale, that everything fits into; 1 for silence."""
    highest = max(float(envelope.peak.max(initial=0)) for envelope in envelopes)
    return math.ceil(highest * 10) / 10 or 1.0


@dataclass(frozen=True)
class GridLine:
    """A level in a drawing of gains."""

    path: Markup
    is_zero: bool


@dataclass(frozen=True)
class GainDrawing:
    """One curve per stem over a grid in dB."""

    curves: Mapping[str, Markup]
    lines: tuple[GridLine, ...]
    cuts: Markup
    labels: tuple[ScaleLabel, ...]


def gain_drawing(axis: TimeAxis, plan: MixPlan, cuts: Sequence[float]) -> GainDrawing:
    """The gains of a plan that has stems."""
    scale, times = gain_scale(plan), decimated_times(plan)
    x = [axis.x(time) for time in times]
    curves = zip(STEMS, plan.at(times).tolist(), strict=True)
    return GainDrawing(
        {stem: _line(x, [scale.y(db) for db in curve]) for stem, curve in curves},
        tuple(GridLine(Markup(f"M0 {scale.y(db):.1f}H{WIDTH}"), db == 0) for db in scale.lines_db),
        _few_cuts(axis, cuts, GAIN_HEIGHT),
        tuple(ScaleLabel(f"{100 * scale.y(db) / GAIN_HEIGHT:.2f}%", number(db, 0, sign=True)) for db in scale.lines_db),
    )


@dataclass(frozen=True)
class GainScale:
    """The range of a drawing of gains, and the levels at which it has a line."""

    low_db: float
    high_db: float
    lines_db: tuple[float, ...]

    def y(self, db: float) -> float:
        """Units of the drawing, from its top."""
        return (self.high_db - db) / (self.high_db - self.low_db) * GAIN_HEIGHT


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


@dataclass(frozen=True)
class TimeLabel:
    """A time under the drawings."""

    text: str
    left: str
    place: str  # its class in the style sheet


def time_labels(axis: TimeAxis) -> list[TimeLabel]:
    """Labels h:mm:ss."""
    return [TimeLabel(clock_time(time), axis.percent(time), _place(axis, time, k)) for k, time in enumerate(axis.ticks)]


def _place(axis: TimeAxis, time_seconds: float, k: int) -> str:
    """The first label begins at its place, one at the end ends there; every other one goes on a narrow page."""
    share = axis.share(time_seconds)
    side = "first" if share < 0.03 else "last" if share > 0.95 else "mid"
    return f"{side} odd" if k % 2 else side


def _few_cuts(axis: TimeAxis, cuts: Sequence[float], height: int) -> Markup:
    return cut_marks(axis, cuts if len(cuts) <= _FEW_CUTS else (), height)


def _mirrored(values: Vector, scale: float) -> Markup:
    """A closed shape around the middle line."""
    middle = WAVE_HEIGHT / 2
    x = (np.arange(len(values)) + 0.5) * WIDTH / len(values)
    half = np.minimum(values / scale, 1.0) * middle
    return _line([*x, *x[::-1]], [*(middle - half), *(middle + half[::-1])]) + "Z"


def _line(x: Sequence[float], y: Sequence[float]) -> Markup:
    """M x y L x y …: one pair of numbers per point."""
    return Markup("M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in zip(x, y, strict=True)))
