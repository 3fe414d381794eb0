"""Figures and intervals as they stand in tables, and a method's row in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from limelight.app.judge.table import Found
from limelight.app.report.words import number
from limelight.evaluation.bootstrap import Interval
from limelight.evaluation.catalogue import BY_NAME, Metric

MAIN = "mag_level_matched"
BASE = "do nothing"
SAID_OF = ("mag_level_matched", "env_level_matched", "gain_error_db", "balance_error_lu", "mag", "env", "w_dis")


def figure_text(metric: Metric, raw: float) -> str:
    """One figure: two digits, one for dB."""
    return number(metric.shown(raw), digits_of(metric))


def digits_of(metric: Metric) -> int:
    return 2 if metric.unit == "× 100" else 1


def range_text(metric: Metric, of: Interval) -> str:
    """ "1.20 … 1.45"; nothing where there is none."""
    return f"{figure_text(metric, of.low)} … {figure_text(metric, of.high)}" if of.low == of.low else ""


def signed_interval(metric: Metric, of: Interval) -> str:
    """ "−0.31 [−0.40 … −0.22]"."""
    digits = digits_of(metric)
    value, low, high = (number(metric.shown(raw), digits, sign=True) for raw in (of.value, of.low, of.high))
    return f"{value} [{low} … {high}]"


def percent_interval(of: Interval) -> str:
    """A share: "+12 % [+8 … +15]"."""
    value, low, high = (number(100 * share, 0, sign=True) for share in (of.value, of.low, of.high))
    return f"{value} % [{low} … {high}]"


def against_nothing(found: Found, method: str) -> Iterator[str]:
    """Sentences: where a method is better than doing nothing, where it is worse, and where neither is shown."""
    better: list[str] = []
    worse: list[str] = []
    open_: list[str] = []
    for name in SAID_OF:
        metric = BY_NAME[name]
        if metric not in found.metrics() or BASE not in found.kinds:
            continue
        difference = found.difference(method, BASE, name)
        said = f"{metric.title} ({signed_interval(metric, difference)})"
        if not difference.leaves_out_zero:
            open_.append(metric.title)
        else:
            (better if (difference.value > 0) == metric.higher_is_better else worse).append(said)
    if better:
        yield f"{method} is better than doing nothing in {', '.join(better)}."
    if worse:
        yield f"{method} is worse than doing nothing in {', '.join(worse)}."
    if open_:
        yield f"Between {method} and doing nothing no difference is shown in {', '.join(open_)}."


def against_pictures(found: Found, method: str) -> Iterator[str]:
    """What the true picture is worth to a model, where its other pictures were tried."""
    for name, what in pictures_of(found, method).items():
        share = found.share(method, name, MAIN)
        sure = "shown" if share.leaves_out_zero else "not shown to be anything"
        yield (
            f"With its own picture instead of {what}, {method} loses {percent_interval(share)} of its "
            f"level-matched MAG; {sure}."
        )


def pictures_of(found: Found, method: str) -> dict[str, str]:
    """The rows of a model with other pictures, and what they show in words."""
    rows = {f"{method}, another picture": "another clip's", f"{method}, no picture": "none"}
    return {name: what for name, what in rows.items() if name in found.kinds}
