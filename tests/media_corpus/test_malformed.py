"""A broken document of each kind, read by its command; hundreds: `make stress`. What once broke a command has a test below."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from media_corpus.command_server import CommandServer
from media_corpus.documents import DOCUMENTS
from media_corpus.malformed import TEXTS, MalformedDocument, faults

QUICK = ("plan", "card", "remix", "captions", "manifest", "results")


@pytest.mark.slow
@pytest.mark.parametrize("number", [n for n, document in enumerate(DOCUMENTS) if document.name in QUICK])
def test_a_broken_paper_is_used_or_refused_in_one_line(number: int, server: CommandServer, tmp_path: Path) -> None:
    assert faults(MalformedDocument(3, number), server, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if document.name in QUICK], ids=lambda document: document.name
)
def test_a_whole_paper_is_taken(document, server: CommandServer, tmp_path: Path) -> None:
    """Otherwise refusals would prove nothing."""
    document.lay(tmp_path)
    document.seal(tmp_path)
    outcome = server.run(*document.words, folder=tmp_path)
    assert outcome.code == "OK", outcome.stderr


def test_a_case_is_the_same_bytes_again_and_another_is_not() -> None:
    whole = json.dumps({"a": [1, 2], "b": "c"}).encode()
    assert MalformedDocument(1, 2).broken(whole, ".json") == MalformedDocument(1, 2).broken(whole, ".json")
    assert len({MalformedDocument(1, number).broken(whole, ".json") for number in range(60)}) > 30
    assert len({document.name for document in DOCUMENTS}) == len(DOCUMENTS)


def test_half_of_the_broken_json_is_still_json() -> None:
    whole = json.dumps({"a": [1, 2], "b": "c"}).encode()
    readable = [
        text
        for text in (MalformedDocument(1, number).broken(whole, TEXTS[0]) for number in range(200))
        if _is_json(text)
    ]
    assert len([text for text in readable if text != whole]) > 60


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_what_is_loaded_beforehand_is_there() -> None:
    assert all(find_spec(name) for document in DOCUMENTS for name in document.needs)
