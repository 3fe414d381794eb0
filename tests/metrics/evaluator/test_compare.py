from __future__ import annotations

from pathlib import Path

import pytest
from metrics.evaluator.lines import lines

from limelight.errors import InputError
from limelight.metrics.results import add
from limelight.metrics.sentences import compared, comparison_text


def test_who_is_better_is_said_only_where_it_is_sure() -> None:
    verdicts = {one.metric.name: one.verdict for one in compared(lines(), "good", "bad")}
    assert verdicts["mag"] == "the first is better"
    assert verdicts["si_sdr_db"] == "the first is better"  # more is better here
    assert "env_pooled" not in verdicts
    assert {one.verdict for one in compared(lines(), "bad", "good")} == {"the second is better"}
    assert {one.verdict for one in compared(lines(), "good", "good")} == {"not shown"}


def test_names_that_were_not_run_are_refused() -> None:
    with pytest.raises(InputError, match="Wanted the results of 'other'; there are 'bad'"):
        compared(lines(), "good", "other")
    with pytest.raises(InputError, match="no clip in common"):
        compared([one for one in lines() if (one.method == "good") == (one.clip < "clip-05")], "good", "bad")


def test_two_runs_are_compared_by_their_folders(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        (folder / "results").mkdir(parents=True)
    good = [one for one in lines() if one.method == "good"]
    add(new, good)
    add(old, [type(one)(**{**vars(one), "figures": {k: 2 * v for k, v in one.figures.items()}}) for one in good])
    told = comparison_text(new, "good", "good", against=old).splitlines()
    (mag,) = (row for row in told if row.startswith("MAG,"))
    assert mag.endswith("the first is better")
    assert "[−" in mag
