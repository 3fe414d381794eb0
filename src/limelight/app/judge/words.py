"""Figures and intervals as they stand in tables."""

from __future__ import annotations

import math

from limelight.app.report.words import number
from limelight.evaluation.bootstrap import Interval
from limelight.evaluation.catalogue import HUNDREDTHS, Metric


def figure_text(metric: Metric, raw: float) -> str:
    """One figure, with as many digits as its metric has."""
    return number(metric.shown(raw), metric.digits)


def range_text(metric: Metric, of: Interval) -> str:
    """ "1.20 … 1.45"; nothing where there is none."""
    return f"{figure_text(metric, of.low)} … {figure_text(metric, of.high)}" if of.low == of.low else ""


def signed_interval(metric: Metric, of: Interval) -> str:
    """ "−0.31 [−0.40 … −0.22]", with dB or LU where it is one of these."""
    value, low, high = (number(metric.shown(raw), metric.digits, sign=True) for raw in (of.value, of.low, of.high))
    return f"{value}{'' if metric.unit == HUNDREDTHS else f' {metric.unit}'} [{low} … {high}]"


def percent(share: float, *, sign: bool = True) -> str:
    """A share: "+12 %"."""
    return f"{number(100 * share, 0, sign=sign)} %" if math.isfinite(share) else "–"


def percent_interval(of: Interval) -> str:
    """A share and its interval: "+12 % [+8 … +15]"."""
    return f"{percent(of.value)} [{percent_range(of)}]"


def percent_range(of: Interval) -> str:
    """The interval of a share: "+8 … +15"."""
    return " … ".join(number(100 * share, 0, sign=True) for share in (of.low, of.high))


def listed(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""
