from __future__ import annotations

from dataclasses import replace

from metrics.evaluator.lines import KINDS, found, lines

from limelight.metrics.registry import registered
from limelight.metrics.tables import (
    SECTIONS,
    Results,
    TableSource,
    broken_down,
    clips_said,
    groupings,
    picture_groups,
    tables,
)

SOURCE = TableSource("scenes", "test", "limelight evaluate scenes")


def test_every_metric_of_ours_has_its_place() -> None:
    assert {metric.section for metric in registered()} == set(SECTIONS)


def test_tables_hold_what_was_measured() -> None:
    heads = dict(tables(found()))
    assert list(heads) == list(SECTIONS)
    silent = [replace(line, figures={k: v for k, v in line.figures.items() if "decided" not in k}) for line in lines()]
    assert list(dict(tables(Results.of(silent, KINDS)))) == list(SECTIONS[:2])


def test_who_decides_nothing_is_not_in_that_table() -> None:
    some = [
        replace(line, figures={k: v for k, v in line.figures.items() if "decided" not in k or line.method != "bad"})
        for line in lines()
    ]
    *_, decided = dict(tables(Results.of(some, KINDS))).values()
    assert [row.name for row in decided.rows] == [name for name in KINDS if name != "bad"]


def test_groups_of_one_are_not_told_twice() -> None:
    assert [by for by, _ in groupings(found())] == ["difficulty", "kind"]
    assert list(picture_groups(found())) == ["all", "<b>", "talk"]


def test_the_papers_figures_are_told_by_difficulty_alone() -> None:
    shown = {by: [metric.name for metric, _ in broken_down(found(), by, groups)] for by, groups in groupings(found())}
    assert shown["kind"] == ["mag_level_matched", "gain_error_db"]
    assert set(shown["difficulty"]) == {*shown["kind"], "mag", "env", "w_dis"}


def test_clips_that_nobody_degraded_are_counted_apart() -> None:
    assert clips_said(found(), SOURCE) == "24 clips of the test split of scenes, on which every row was measured."
    mixed = Results.of([replace(line, recipe="none") if line.clip < "clip-10" else line for line in lines()], KINDS)
    assert clips_said(mixed, SOURCE).startswith("14 clips of")
    assert "besides 10 that nobody degraded" in clips_said(mixed, SOURCE)
