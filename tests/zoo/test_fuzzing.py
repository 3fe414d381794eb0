"""A handful of broken films; two thousand: `make torture`. What once broke the program lives in the zoo."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from zoo.fuzzing import Broken, faults
from zoo.mutations import OPERATORS, mutated
from zoo.nursery import Limits, Nursery

FILM = bytes(range(256)) * 40


@pytest.mark.parametrize("number", range(4))
def test_a_broken_film_is_mended_or_refused(number: int, nursery: Nursery, tmp_path: Path) -> None:
    assert faults(Broken(7, number), nursery, tmp_path) == []


def test_a_case_is_the_same_bytes_again_and_another_is_not() -> None:
    assert mutated(FILM, b"other", seed=1, number=2) == mutated(FILM, b"other", seed=1, number=2)
    assert len({mutated(FILM, b"other", seed=1, number=number) for number in range(20)}) > 15


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
@pytest.mark.parametrize("content", [b"", b"a", b"ftypmoovmdat", FILM], ids=len)
def test_every_operator_takes_files_of_any_length(operator, content: bytes) -> None:
    results = set()
    for number in range(30):
        data = bytearray(content)
        operator(data, Random(number), b"other")
        results.add(bytes(data))
    assert len(content) < 100 or results - {content}  # a file of some length is changed


def test_a_nursery_tells_a_crash_a_hang_and_a_bug_from_a_refusal(nursery: Nursery, tmp_path: Path) -> None:
    """The judge itself: limits that nothing can be done within must be seen."""
    (tmp_path / "letter.mp4").write_bytes(b"no film")
    assert nursery.run("highlight", "letter.mp4", folder=tmp_path).code == "E_NOT_MEDIA"
    assert nursery.run("highlight", "letter.mp4", folder=tmp_path, limits=Limits(wall_seconds=0)).code == "hung"
    assert nursery.run("highlight", "letter.mp4", folder=tmp_path, limits=Limits(memory_bytes=1)).code == "a bug"
    assert nursery.run("highlight", "--strength", "two", "letter.mp4", folder=tmp_path).exit_code == 2
