"""The command on broken films: it may refuse them or mend them, but never crash, hang, or leave anything behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from media_corpus import compare
from media_corpus.command_server import CommandServer, Limits, Outcome
from media_corpus.corpus import ALL
from media_corpus.corpus_item import CorpusItem
from media_corpus.mutations import mutated

from limelight.cli.context import REFUSED
from limelight.errors import LimelightError

OLD = b"precious"
TIDY = ("OK", "E_NOT_MEDIA", "E_UNSUPPORTED", "E_DAMAGED", "E_LIMIT", "E_NO_AUDIO", "E_OUTPUT")
LIMITS = Limits(processor_seconds=15, wall_seconds=60.0, file_bytes=100 << 20)
LARGEST_SEED_BYTES = 600_000


@dataclass(frozen=True)
class Broken:
    """A case, made again from two numbers: an item broken, maybe with a piece of another."""

    seed: int
    number: int

    @property
    def content(self) -> bytes:
        one, other = self._items
        return mutated(_content(one), _content(other), seed=self.seed, number=self.number)

    @property
    def item(self) -> CorpusItem:
        return ALL[self._items[0]]

    @property
    def _items(self) -> tuple[int, int]:
        one, other = Random(f"{self.seed}:{self.number}:items").choices(range(len(ALL)), k=2)
        return one, other


@cache
def _content(number: int) -> bytes:
    """An item, whole or the head of it; those that are large are large by their pictures, not by their structure."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "item"
        path = path.with_suffix(Path(ALL[number].name).suffix)
        ALL[number].make(path)
        return path.read_bytes()[:LARGEST_SEED_BYTES]


def faults(case: Broken, server: CommandServer, folder: Path) -> list[str]:
    """What of what came is not tidy; empty where all is."""
    source = folder / f"broken{Path(case.item.name).suffix}"
    target = folder / f"out{case.item.suffix if case.number % 2 else '.mkv'}"
    source.write_bytes(case.content)
    target.write_bytes(OLD)
    words = ("highlight", "--quiet", "--json", "--force", "-o", target.name, source.name)
    outcome = server.run(*words, folder=folder, limits=LIMITS)
    found = list(_faults(outcome, target))
    left = {path.name for path in folder.iterdir()} - {source.name, target.name}
    return found + [f"left behind: {name}" for name in sorted(left)]


def _faults(outcome: Outcome, target: Path) -> Iterator[str]:
    if outcome.code not in TIDY:
        yield f"{outcome.code} in {outcome.stage}: {outcome.stderr.strip()[-600:]}"
        return
    if outcome.code != "OK":
        if len(outcome.stderr.strip().splitlines()) != 1 or not outcome.stderr.strip().isprintable():
            yield f"not one plain line: {outcome.stderr!r}"
        if target.read_bytes() != OLD:
            yield "the old result is gone"
        if REFUSED in outcome.stderr:
            yield f"nobody had a word for it: {outcome.stderr.strip()}"
        return
    try:
        sound = compare.heard(target)
    except LimelightError as error:
        yield f"the result cannot be read: {error}"
        return
    if not np.isfinite(sound).all():
        yield "the result holds what is no sound"
