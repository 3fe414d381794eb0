"""Mishaps of the other commands, a few; all of them: `make torture`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.errands import ERRANDS, Errand, errands, faults
from media_corpus.nursery import Nursery

FEW = (
    "plan: no file may grow beyond 10 bytes",
    "evaluate: no file may grow beyond 10 bytes",
    "muddy build: no file may grow beyond 2000 bytes",
    "stems: its folder vanishes",
    "muddy show: terminate",
)


@pytest.mark.parametrize("errand", [one for one in errands() if one.name in FEW], ids=lambda one: one.name)
def test_a_mishap_costs_nothing(errand: Errand, nursery: Nursery, tmp_path: Path) -> None:
    assert faults(errand, nursery, tmp_path) == []


def test_every_command_meets_every_mishap() -> None:
    names = {one.name for one in errands()}
    assert set(FEW) <= names
    for what in ERRANDS:
        assert {f"{what}: its folder vanishes", f"{what}: interrupt", f"{what}: terminate"} <= names
