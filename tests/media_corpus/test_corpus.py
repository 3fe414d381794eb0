"""Every item of the corpus comes out as promised, or is refused as promised. All of them: `make stress`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.command_server import CommandServer
from media_corpus.corpus import ALL, QUICK
from media_corpus.corpus_item import CorpusItem
from media_corpus.highlight_check import faults


@pytest.mark.parametrize(
    "item",
    [pytest.param(one, id=ascii(one.name)[1:-1], marks=() if one.name in QUICK else pytest.mark.slow) for one in ALL],
)
def test_an_item_is_what_it_was_said_to_be(item: CorpusItem, server: CommandServer, tmp_path: Path) -> None:
    assert faults(item, server, tmp_path) == []


def test_the_zoo_is_large_and_its_names_are_its_own() -> None:
    assert len(ALL) >= 80
    assert len({item.name for item in ALL}) == len(ALL)
    assert {item.name for item in ALL} >= QUICK
