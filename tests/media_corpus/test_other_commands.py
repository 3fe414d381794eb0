"""The other commands meet a few items; all of them: `make stress`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.command_server import CommandServer
from media_corpus.corpus import ALL
from media_corpus.corpus_item import CorpusItem
from media_corpus.other_commands import OTHER_COMMANDS, faults, faults_of_corpus

FEW = ("half.mkv", "no-packets.mkv", "concat.mp4", "broken\udcff.mp4")


@pytest.mark.slow
@pytest.mark.parametrize("command", OTHER_COMMANDS)
@pytest.mark.parametrize("item", [one for one in ALL if one.name in FEW], ids=lambda one: ascii(one.name)[1:-1])
def test_a_visitor_is_served_or_refused_in_one_line(
    item: CorpusItem, command: str, server: CommandServer, tmp_path: Path
) -> None:
    assert faults(item, command, server, tmp_path) == []


def test_a_data_set_is_built_from_what_can_be_used(server: CommandServer, tmp_path: Path) -> None:
    assert faults_of_corpus([one for one in ALL if one.name in FEW], server, tmp_path) == []


def test_a_visitor_that_leaves_something_is_seen(server: CommandServer, tmp_path: Path) -> None:
    """Two commands in one folder: the second finds what the first has left, and may not replace it."""
    (whole,) = (one for one in ALL if one.name == "half.mkv")
    assert faults(whole, "stems", server, tmp_path) == []
    assert any("E_EXISTS instead of OK" in fault for fault in faults(whole, "stems", server, tmp_path))
