from __future__ import annotations

import pytest
from metrics.evaluator.lines import KINDS, found
from metrics.evaluator.sets import write_set

from limelight.metrics.methods import GAINS_ON_TRUE
from limelight.metrics.page import examples_of, write_page
from limelight.metrics.tables import TableSource


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    entries = write_set(folder, clips=1, train=0)
    source = TableSource("<set>", "test", "limelight evaluate <set>")
    write_page(found(), source, examples_of(folder, entries, GAINS_ON_TRUE, 1), folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


def test_every_method_is_in_every_table(text: str) -> None:
    for name in KINDS:
        assert text.count(f'<td class="name">{name}</td>') == 3 + 5 + 2


def test_the_best_is_bold_and_bounds_are_quiet(text: str) -> None:
    cells = text.count('<td class="n"><b>')
    assert cells == 14 + 5 * 3 + 2 * 2  # a best figure for each metric, and of each group
    assert text.count('<tr class="quiet">') == 3 * (3 + 5 + 2)


def test_what_is_wanted_and_what_looking_is_worth_are_there(text: str) -> None:
    assert "at most −45 %" in text
    assert '<td class="name">good, against none</td>' in text


def test_dots_spectra_and_curves_are_drawn(text: str) -> None:
    assert text.count("<circle") == 3 * 24  # two methods and the oracle
    assert text.count("data:image/png;base64,") == 3
    assert text.count('class="curve speech') == 2


def test_nothing_is_fetched_and_names_are_harmless(text: str) -> None:
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "<set>" not in text
    assert "<b> (" not in text  # a kind of scene that is called so
    assert "<script" not in text
