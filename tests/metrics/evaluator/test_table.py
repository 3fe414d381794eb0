from __future__ import annotations

import math

import numpy as np
import pytest
from metrics.evaluator.lines import KINDS, found, lines

from limelight.dataset.statistics import difficulty
from limelight.metrics.papers import pooled
from limelight.metrics.registry import BY_NAME
from limelight.metrics.tables import Results


def test_a_row_is_the_mean_of_its_clips() -> None:
    of = found()
    table = of.table()
    assert [row.name for row in table.rows] == list(KINDS)
    assert table.clips == 24
    for row in table.rows:
        mag = row.figures["mag"]
        assert mag.value == pytest.approx(np.mean([line.figures["mag"] for line in lines() if line.method == row.name]))
        assert mag.low < mag.value < mag.high


def test_the_best_is_marked_among_what_can_be_used() -> None:
    table = found().table()
    assert table.best(BY_NAME["mag"]) == {"good"}  # the oracle is better
    assert table.best(BY_NAME["si_sdr_db"]) == {"good"}  # where more is better
    only = Results.of([line for line in lines() if line.method != "good"], {"do nothing": "control", "bad": "method"})
    assert only.table().best(BY_NAME["mag"]) == {"do nothing"}


def test_pooled_env_is_pooled_over_twenty_clips_in_order() -> None:
    of = found()
    row = of.table().rows[0]
    assert row.figures["env_pooled"].value == pytest.approx(pooled(of.values("do nothing", "env")))


def test_only_clips_that_all_have_are_counted() -> None:
    some = [line for line in lines() if not (line.method == "bad" and line.clip in ("clip-00", "clip-07"))]
    of = Results.of([*some, *lines(1)[:0]], KINDS)
    assert len(of.clips) == 22
    assert "clip-07" not in of.clips
    assert Results.of(some, {**KINDS, "never run": "method"}).clips == ()


def test_clips_fall_into_groups_in_order() -> None:
    of = found()
    assert {name: len(clips) for name, clips in of.groups("difficulty").items()} == {"low": 8, "medium": 8, "high": 8}
    assert list(of.groups("difficulty")) == ["low", "medium", "high"]
    assert list(of.groups("kind")) == ["<b>", "talk"]
    assert of.table(of.groups("kind")["talk"]).clips == 12
    assert [difficulty(step) for step in (0, 3, 7.4, 7.5, 9, 11, 18)] == [
        "none",
        "low",
        "low",
        "medium",
        "medium",
        "high",
        "high",
    ]


def test_differences_and_shares_are_paired() -> None:
    of = found()
    difference = of.difference("good", "do nothing", "mag")
    assert difference.high < 0
    share = of.share("good", "good, another picture", "mag_level_matched")
    assert (share.value, share.low, share.high) == pytest.approx((1 - 0.5 / 0.8,) * 3)


def test_figures_that_there_are_none_of_are_left_out() -> None:
    def without(line):
        figures = dict(line.figures) | ({"gain_error_db": math.nan} if line.clip < "clip-20" else {})
        return type(line)(**{**vars(line), "figures": figures})

    of = Results.of(map(without, lines()), KINDS)
    table = of.table()
    last = np.mean(
        [line.figures["gain_error_db"] for line in lines() if line.method == "bad" and line.clip >= "clip-20"]
    )
    assert table.rows[-1].figures["gain_error_db"].value == pytest.approx(last)
    assert of.means("gain_error_db", of.clips)["bad"] == pytest.approx(last)
    assert math.isnan(of.means("gain_error_db", of.clips[:5])["bad"])
