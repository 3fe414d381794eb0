from __future__ import annotations

import json

import pytest
from metrics.evaluator.lines import KINDS, found

from limelight.metrics.goals import for_programs


def test_figures_are_those_of_the_table() -> None:
    of = found()
    told = json.loads(json.dumps(for_programs(of), allow_nan=False))
    assert list(told["rows"]) == list(KINDS)
    for row in of.table().rows:
        figures = told["rows"][row.name]["figures"]
        assert figures["mag"]["value"] == pytest.approx(100 * row.figures["mag"].value)
        assert figures["si_sdr_db"]["low"] == pytest.approx(row.figures["si_sdr_db"].low)


def test_the_picture_s_share_is_against_another_and_against_none() -> None:
    shares = for_programs(found())["picture_share"]
    assert list(shares) == ["good against good, another picture", "good against good, no picture"]
    assert shares["good against good, no picture"]["value"] == pytest.approx(1 - 0.5 / 0.6)
