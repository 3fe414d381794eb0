"""A handful of broken films; two thousand: `make stress`. What once broke the program lives in the corpus."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from media_corpus.command_server import CommandServer, Limits, Outcome
from media_corpus.fuzzing import Broken, faults
from media_corpus.mutations import OPERATORS, mutated

FILM = bytes(range(256)) * 40


@pytest.mark.parametrize("number", range(4))
def test_a_broken_film_is_mended_or_refused(number: int, server: CommandServer, tmp_path: Path) -> None:
    assert faults(Broken(7, number), server, tmp_path) == []


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


def test_a_nursery_tells_a_hang_and_a_usage_error_from_a_refusal(server: CommandServer, tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_bytes(b"no film")
    assert server.run("highlight", "letter.mp4", folder=tmp_path).code == "E_NOT_MEDIA"
    assert server.run("highlight", "letter.mp4", folder=tmp_path, limits=Limits(wall_seconds=0)).code == "hung"
    assert server.run("highlight", "--strength", "two", "letter.mp4", folder=tmp_path).exit_code == 2


@pytest.mark.parametrize(
    ("exit_code", "stderr", "code"),
    [
        (0, "a note", "OK"),
        (3, "skipped: a.mp4: E_LIMIT: long\nE_INPUT: gone", "E_INPUT"),
        (1, "Traceback (most recent call last):\n  …\nValueError: E_INPUT", "a bug"),
        (1, "", "a bug"),
        (-11, "", "signal 11"),
    ],
)
def test_what_came_has_a_code(exit_code: int, stderr: str, code: str) -> None:
    assert Outcome(exit_code, 1.0, 1.0, 100.0, "", stderr, "plan").code == code
