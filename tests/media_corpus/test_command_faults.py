"""Faults of the other commands, a few; all of them: `make stress`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.command_faults import COMMANDS, CommandFault, command_faults, faults
from media_corpus.command_server import CommandServer

FEW = (
    "plan: no file may grow beyond 10 bytes",
    "evaluate: no file may grow beyond 10 bytes",
    "muddy build: no file may grow beyond 2000 bytes",
    "stems: its folder vanishes",
    "muddy show: terminate",
)


@pytest.mark.parametrize("command", [one for one in command_faults() if one.name in FEW], ids=lambda one: one.name)
def test_a_fault_costs_nothing(command: CommandFault, server: CommandServer, tmp_path: Path) -> None:
    assert faults(command, server, tmp_path) == []


def test_every_command_meets_every_fault() -> None:
    names = {one.name for one in command_faults()}
    assert set(FEW) <= names
    for what in COMMANDS:
        assert {f"{what}: its folder vanishes", f"{what}: interrupt", f"{what}: terminate"} <= names
