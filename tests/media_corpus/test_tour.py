"""The other commands meet a few animals; all of them: `make torture`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.animal import Animal
from media_corpus.inhabitants import ALL
from media_corpus.nursery import Nursery
from media_corpus.tour import VISITORS, faults, faults_of_menagerie

FEW = ("half.mkv", "no-packets.mkv", "concat.mp4", "broken\udcff.mp4")


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("animal", [one for one in ALL if one.name in FEW], ids=lambda one: ascii(one.name)[1:-1])
def test_a_visitor_is_served_or_refused_in_one_line(
    animal: Animal, visitor: str, nursery: Nursery, tmp_path: Path
) -> None:
    assert faults(animal, visitor, nursery, tmp_path) == []


def test_a_data_set_is_built_from_what_can_be_used(nursery: Nursery, tmp_path: Path) -> None:
    assert faults_of_menagerie([one for one in ALL if one.name in FEW], nursery, tmp_path) == []


def test_a_visitor_that_leaves_something_is_seen(nursery: Nursery, tmp_path: Path) -> None:
    """Two visitors in one folder: the second finds what the first has left, and may not replace it."""
    (whole,) = (one for one in ALL if one.name == "half.mkv")
    assert faults(whole, "stems", nursery, tmp_path) == []
    assert any("E_EXISTS instead of OK" in fault for fault in faults(whole, "stems", nursery, tmp_path))
