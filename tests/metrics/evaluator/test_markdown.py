from __future__ import annotations

from metrics.evaluator.lines import KINDS, found

from limelight.metrics.page import results_markdown
from limelight.metrics.tables import TableSource

SOURCE = TableSource("scenes", "test", "limelight evaluate scenes", ("good sets speech loud.",))


def test_every_method_has_a_row_in_every_table() -> None:
    text = results_markdown(found(), SOURCE)
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    whole = [table for table in tables if len(table) == 2 + len(KINDS)]
    assert len(whole) == 3 + 5 + 2  # three parts; by difficulty, the papers' three too; by kind
    assert len(tables) == len(whole) + 2  # goals, and what the picture is worth
    for table in tables:
        assert len({line.count("|") for line in table}) == 1  # as many cells in every row


def test_names_are_harmless() -> None:
    text = results_markdown(found(), SOURCE)
    assert "| &lt;b> (12) |" in text
    assert "<b>" not in text


def test_the_best_is_bold_and_bounds_are_in_italics() -> None:
    rows = results_markdown(found(), SOURCE).splitlines()
    good = next(row for row in rows if row.startswith("| good |"))
    assert good.count("**") == 2 * 8  # every column of the first table
    nothing = next(row for row in rows if row.startswith("| do nothing |"))
    assert "**" not in nothing
    assert any(row.startswith("| *best gains, true stems* |") for row in rows)
    assert any(row.startswith("| *good, no picture* |") for row in rows)


def test_it_says_what_was_judged_and_where_it_was_lost() -> None:
    text = results_markdown(found(), SOURCE)
    assert "24 clips of the test split of scenes" in text
    assert "`limelight evaluate scenes`" in text
    assert "\n- good sets speech loud.\n" in text
    assert "\n- **bad.** Against doing nothing: worse in level-matched MAG (" in text
    assert "\n| level-matched MAG against doing nothing | at most −45 % | −50 % ✓ | +50 % ✗ |\n" in text
    assert "\n| good, against none | +17 %<br>" in text
    assert text == results_markdown(found(), SOURCE)
