from __future__ import annotations

from app.judge.lines import found

from limelight.app.judge.words import (
    against_nothing,
    against_pictures,
    figure_text,
    percent_interval,
    range_text,
    signed_interval,
)
from limelight.evaluation.bootstrap import Interval
from limelight.evaluation.catalogue import BY_NAME


def test_figures_are_printed_as_the_papers_do() -> None:
    assert figure_text(BY_NAME["mag"], 0.22694) == "22.69"
    assert figure_text(BY_NAME["si_sdr_db"], -3.26) == "−3.3"
    assert figure_text(BY_NAME["mag"], float("nan")) == "–"
    assert range_text(BY_NAME["mag"], Interval(0.2, 0.1, 0.3)) == "10.00 … 30.00"
    assert range_text(BY_NAME["mag"], Interval(*[float("nan")] * 3)) == ""
    assert signed_interval(BY_NAME["mag"], Interval(-0.01, -0.02, 0.0)) == "−1.00 [−2.00 … 0.00]"
    assert percent_interval(Interval(0.12, 0.08, 0.15)) == "+12 % [+8 … +15]"


def test_what_is_better_and_what_is_worse_is_said() -> None:
    of = found()
    (good,) = against_nothing(of, "good")
    (bad,) = against_nothing(of, "bad")
    assert good.startswith("good is better than doing nothing in level-matched MAG (")
    assert bad.startswith("bad is worse than doing nothing in level-matched MAG (")
    (same,) = against_nothing(of, "do nothing")
    assert same.startswith("Between do nothing and doing nothing no difference is shown")


def test_the_picture_s_worth_is_said_where_it_was_tried() -> None:
    another, none = against_pictures(found(), "good")
    assert "instead of another clip's, good loses +37 % [+37 … +38]" in another or "+38 %" in another
    assert another.endswith("; shown.")
    assert "instead of none" in none
    assert list(against_pictures(found(), "bad")) == []
