from __future__ import annotations

import numpy as np
import pytest
from dataset.entries import entry
from dataset.test_clips import clip, pair

from limelight.dataset.clips import write_clip
from limelight.dataset.manifest import Source
from limelight.dataset.page import choose, write_page
from limelight.dataset.statistics import Spread, as_text, percent, spread_text, statistics
from limelight.types import Picture


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("<set>")
    shown = (Picture(0.0, np.full((18, 32, 3), 90, np.uint8)),)
    entries = [
        write_clip(folder, clip(pair(recipe, seed=n, channels=1 + n % 2), f"film-{n}", shown))
        for n, recipe in enumerate(("paper", "timevarying", "degraded"))
    ]
    write_page(folder, entries, statistics(entries), folder / "page.html", examples=3)
    return (folder / "page.html").read_text(encoding="utf-8")


def test_every_example_can_be_heard_and_seen(page: str) -> None:
    assert page.count("<audio") == 3 * 5
    assert page.count("data:audio/mp4;base64,") == 3 * 5
    assert page.count("data:image/jpeg;base64,") == 3
    assert page.count('<path class="curve speech"') == 3


def test_nothing_is_fetched_and_names_are_harmless(page: str) -> None:
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<set>" not in page
    assert "<script" not in page


def test_figures_stand_beside_the_papers(page: str) -> None:
    assert "speech is silent in" in page
    assert "49 %" in page


def test_each_kind_of_fault_is_shown_before_any_is_shown_twice() -> None:
    faults = ["a", "a", "b", "b", "c, with noise 7", "c, with noise 8"]
    entries = [entry(str(n), fault=fault) for n, fault in enumerate(faults)]
    assert [one.name for one in choose(entries, 4)] == ["0", "2", "4", "1"]
    assert choose(entries, 99) == sorted(entries, key=lambda one: (int(one.name) % 2, one.name))
    assert choose([], 3) == []


def test_text_says_the_same() -> None:
    source = Source("a.mp4", "film", "a", "", "CC BY\x1b[31m")
    text = as_text(statistics([entry("0", sources=(source,))]))
    assert "speech is loudest in" in text
    assert "100 %   (papers: 31 %; films: 31 %)" in text
    assert "\x1b" not in text


def test_numbers_are_read_as_people_write_them() -> None:
    assert percent(0.491) == "49 %"
    assert percent(None) == ""
    assert spread_text(Spread(-3.0, -1.25, 2.0), "dB") == "−1.2 dB [−3.0 … 2.0]"
    assert spread_text(None, "dB") == "–"
