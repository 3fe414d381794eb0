from __future__ import annotations

from app.judge.lines import KINDS, found

from limelight.app.judge.markdown import Source, results_markdown

SOURCE = Source("scenes", "test", "limelight evaluate scenes", ("good sets speech loud.",))


def test_every_method_has_a_row_in_every_table() -> None:
    text = results_markdown(found(), SOURCE)
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2 + 3 * 2
    for table in tables:
        assert len(table) == 2 + len(KINDS)
        assert len({line.count("|") for line in table}) == 1  # as many cells in every row


def test_the_best_is_bold_and_bounds_are_in_italics() -> None:
    rows = results_markdown(found(), SOURCE).splitlines()
    good = next(row for row in rows if row.startswith("| good |"))
    assert good.count("**") == 2 * 7
    assert any(row.startswith("| *best gains, true stems* |") for row in rows)
    assert any(row.startswith("| *good, no picture* |") for row in rows)


def test_it_says_what_was_judged_and_where_it_was_lost() -> None:
    text = results_markdown(found(), SOURCE)
    assert "24 clips of the test split of scenes" in text
    assert "`limelight evaluate scenes`" in text
    assert "\n- good sets speech loud.\n" in text
    assert "- bad is worse than doing nothing" in text
    assert text == results_markdown(found(), SOURCE)
