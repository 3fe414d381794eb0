from __future__ import annotations

from limelight.metrics.bootstrap import Interval
from limelight.metrics.registry import BY_NAME
from limelight.metrics.tables import (
    figure_text,
    listed,
    percent,
    percent_interval,
    percent_range,
    range_text,
    signed_interval,
)

NAN = float("nan")


def test_figures_are_printed_as_the_papers_do() -> None:
    assert figure_text(BY_NAME["mag"], 0.22694) == "22.69"
    assert figure_text(BY_NAME["si_sdr_db"], -3.26) == "−3.3"
    assert figure_text(BY_NAME["gain_error_db"], 5.756) == "5.76"
    assert figure_text(BY_NAME["mag"], NAN) == "–"
    assert range_text(BY_NAME["mag"], Interval(0.2, 0.1, 0.3)) == "10.00 … 30.00"
    assert range_text(BY_NAME["mag"], Interval(NAN, NAN, NAN)) == ""


def test_differences_have_a_sign_and_where_it_is_one_their_unit() -> None:
    assert signed_interval(BY_NAME["mag"], Interval(-0.01, -0.02, 0.0)) == "−1.00 [−2.00 … 0.00]"
    assert signed_interval(BY_NAME["balance_error_lu"], Interval(1.0, 0.5, 2.0)) == "+1.0 LU [+0.5 … +2.0]"


def test_shares_are_percent() -> None:
    assert percent_interval(Interval(0.12, 0.08, 0.15)) == "+12 % [+8 … +15]"
    assert percent_range(Interval(0.12, -0.08, 0.15)) == "−8 … +15"
    assert percent(0.12, sign=False) == "12 %"
    assert percent(NAN) == "–"


def test_words_are_listed() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
