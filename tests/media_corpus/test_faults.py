"""Killed, out of room, or with its files taken away: the old result or the new one, whole. All of it: `make stress`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.command_server import STAGES, CommandServer
from media_corpus.faults import Trial, faults, kills, other_faults

FEW = ("the film is longer in look", "the folder vanishes in plan")


@pytest.mark.slow
@pytest.mark.parametrize("trial", kills(3, seed=4)[::-1], ids=lambda trial: trial.name)
def test_a_kill_leaves_the_old_result_or_a_whole_one(trial: Trial, server: CommandServer, tmp_path: Path) -> None:
    assert faults(trial, server, tmp_path) == []


@pytest.mark.parametrize(
    "trial",
    [pytest.param(one, id=one.name, marks=() if one.name in FEW else pytest.mark.slow) for one in other_faults()],
)
def test_a_fault_costs_nothing(trial: Trial, server: CommandServer, tmp_path: Path) -> None:
    assert faults(trial, server, tmp_path) == []


def test_kills_reach_every_stage() -> None:
    trials = kills(50, seed=1)
    assert len(trials) == 50
    assert {trial.fault.stage for trial in trials} == set(STAGES)
    assert set(FEW) <= {trial.name for trial in other_faults()}
