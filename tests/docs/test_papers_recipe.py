"""The papers' data are built in several places, and alike."""

from __future__ import annotations

import re

import pytest
from docs.blocks import ROOT

RECIPE = ("--recipe released", "--level mixed", "--limit input", "--frames", "--keep-trivial")
BUILD = re.compile(r"limelight muddy build(?:[^\n]*\\\n)*[^\n]*")


@pytest.mark.parametrize(
    ("place", "of"),
    [
        ("docs/papers.md", "-o set/"),
        ("docs/muddy.md", "--condensed-movies"),
        ("runs/tables.sh", "toy/films"),
        ("research/runs/visah-full.sh", "$films"),
    ],
)
def test_the_papers_data_are_built_alike(place: str, of: str) -> None:
    commands = [one for one in BUILD.findall((ROOT / place).read_text(encoding="utf-8")) if of in one]
    assert [option for option in RECIPE if option not in commands[-1]] == []
