"""Every animal of the zoo comes out as promised, or is refused as promised. All of them: `make torture`."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_corpus.animal import Animal
from media_corpus.inhabitants import ALL, QUICK
from media_corpus.nursery import Nursery
from media_corpus.visit import faults


@pytest.mark.parametrize(
    "animal",
    [pytest.param(one, id=ascii(one.name)[1:-1], marks=() if one.name in QUICK else pytest.mark.slow) for one in ALL],
)
def test_an_animal_is_what_it_was_said_to_be(animal: Animal, nursery: Nursery, tmp_path: Path) -> None:
    assert faults(animal, nursery, tmp_path) == []


def test_the_zoo_is_large_and_its_names_are_its_own() -> None:
    assert len(ALL) >= 80
    assert len({animal.name for animal in ALL}) == len(ALL)
    assert {animal.name for animal in ALL} >= QUICK
