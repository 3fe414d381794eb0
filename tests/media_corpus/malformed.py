"""Documents broken by seeded mutations, and the commands that read them: they may refuse them in one line, and that is all.

Half of the broken JSON is still JSON, with another value in one place: what is cut to pieces is refused before anything in
it is believed. Hashes are made to fit again, so that what they guard is reached as well.
"""

from __future__ import annotations

import atexit
import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from media_corpus.command_server import CommandServer, Limits, Outcome
from media_corpus.documents import DOCUMENTS, Document
from media_corpus.json_values import places, with_value
from media_corpus.mutations import mutated

from limelight.cli.context import REFUSED

TEXTS = (".json", ".jsonl")
ODD = (None, True, -1, 0, 1e308, -1e308, 10**30, 0.5, math.nan, "", "../..", "\x1b]0;", "a\0b", "\u2028", [], {}, [[]])
LIMITS = Limits(processor_seconds=30, wall_seconds=90.0, file_bytes=100 << 20)
MANY_LINES = ("E_SOME_FAILED",)  # which lists first what failed


@dataclass(frozen=True)
class MalformedDocument:
    """A case, made again from two numbers: one document after the other."""

    seed: int
    number: int

    @property
    def document(self) -> Document:
        return DOCUMENTS[self.number % len(DOCUMENTS)]

    def broken(self, whole: bytes, suffix: str) -> bytes:
        draw = Random(f"{self.seed}:{self.number}:document")
        if suffix in TEXTS and draw.random() < 0.5:
            return _with_odd_value(whole, draw)
        return mutated(whole, whole[::-1], seed=self.seed, number=self.number)


def faults(case: MalformedDocument, server: CommandServer, folder: Path) -> list[str]:
    """What of what came is not tidy; empty where all is."""
    document = case.document
    shutil.copytree(_laid(document), folder, dirs_exist_ok=True)
    path = next(folder.glob(document.file))
    path.write_bytes(case.broken(path.read_bytes(), path.suffix))
    document.seal(folder)
    there = _files(folder)
    outcome = server.run(*document.words, folder=folder, limits=LIMITS)
    return list(_faults(outcome, document, _files(folder) - there))


def _faults(outcome: Outcome, document: Document, new: set[str]) -> Iterator[str]:
    if outcome.code not in ("OK", *document.codes):
        yield f"{outcome.code}: {outcome.stderr.strip()[-600:]}"
    elif outcome.code != "OK":
        lines = outcome.stderr.strip().splitlines()
        if not all(line.isprintable() for line in lines) or (len(lines) != 1 and outcome.code not in MANY_LINES):
            yield f"not one plain line: {outcome.stderr!r}"
        if REFUSED in outcome.stderr:
            yield f"nobody had a word for it: {outcome.stderr.strip()}"
        if new and outcome.code not in MANY_LINES and "learnt" not in document.name and "words" not in document.name:
            yield f"left behind: {sorted(new)}"


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _with_odd_value(whole: bytes, draw: Random) -> bytes:
    """One line of JSON, or all of it, with an odd value in one place."""
    lines = whole.splitlines() if b"}\n{" in whole else [whole]
    number = draw.randrange(len(lines))
    values = json.loads(lines[number])
    lines[number] = json.dumps(with_value(values, draw.choice(places(values)), draw.choice(ODD))).encode()
    return b"\n".join(lines)


@cache
def _laid(document: Document) -> Path:
    """A folder with everything whole, made once."""
    folder = Path(tempfile.mkdtemp(prefix="limelight-documents-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    document.lay(folder)
    return folder
