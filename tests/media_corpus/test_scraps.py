"""A broken paper of each kind, read by its command; hundreds: `make torture`. What once broke a command has a test below."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from media_corpus.nursery import Nursery
from media_corpus.papers import PAPERS
from media_corpus.scraps import TEXTS, Scrap, faults

QUICK = ("plan", "card", "remix", "captions", "manifest", "results")


@pytest.mark.parametrize("number", [n for n, paper in enumerate(PAPERS) if paper.name in QUICK])
def test_a_broken_paper_is_used_or_refused_in_one_line(number: int, nursery: Nursery, tmp_path: Path) -> None:
    assert faults(Scrap(3, number), nursery, tmp_path) == []


@pytest.mark.parametrize("paper", [paper for paper in PAPERS if paper.name in QUICK], ids=lambda paper: paper.name)
def test_a_whole_paper_is_taken(paper, nursery: Nursery, tmp_path: Path) -> None:
    """Otherwise refusals would prove nothing."""
    paper.lay(tmp_path)
    paper.seal(tmp_path)
    came = nursery.run(*paper.words, folder=tmp_path)
    assert came.code == "OK", came.stderr


def test_a_case_is_the_same_bytes_again_and_another_is_not() -> None:
    whole = json.dumps({"a": [1, 2], "b": "c"}).encode()
    assert Scrap(1, 2).broken(whole, ".json") == Scrap(1, 2).broken(whole, ".json")
    assert len({Scrap(1, number).broken(whole, ".json") for number in range(60)}) > 30
    assert len({paper.name for paper in PAPERS}) == len(PAPERS)


def test_half_of_the_broken_json_is_still_json() -> None:
    whole = json.dumps({"a": [1, 2], "b": "c"}).encode()
    readable = [text for text in (Scrap(1, number).broken(whole, TEXTS[0]) for number in range(200)) if _is_json(text)]
    assert len([text for text in readable if text != whole]) > 60


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_what_is_loaded_beforehand_is_there() -> None:
    assert all(find_spec(name) for paper in PAPERS for name in paper.needs)
