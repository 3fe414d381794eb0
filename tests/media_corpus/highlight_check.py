"""`limelight highlight` on one item of the corpus: everything that was promised is checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from films import Film, film_path
from media_corpus import compare
from media_corpus.command_server import CommandServer, Outcome
from media_corpus.corpus_item import CorpusItem
from media_corpus.hostile import NEIGHBOUR

from limelight.media.probe import choose_soundtrack, probe

LONGEST_FRAME = 2048  # samples that an encoder may add at the end


def faults(item: CorpusItem, server: CommandServer, folder: Path) -> list[str]:
    """What is not as it was promised; empty where all is."""
    source = folder / item.name
    item.make(source)
    (folder / NEIGHBOUR).write_bytes(film_path(Film(container="ts", seconds=0.4)).read_bytes())
    before = source.read_bytes()
    outcome = server.run("highlight", "--quiet", "--json", "--", item.name, folder=folder)
    found = list(_faults(item, outcome, source, server))
    if source.read_bytes() != before:
        found.append("the source was changed")
    return found


def _faults(item: CorpusItem, outcome: Outcome, source: Path, server: CommandServer) -> Iterator[str]:
    if outcome.code not in item.codes:
        yield f"{outcome.code} instead of {' or '.join(item.codes)}: {outcome.stderr.strip()[-300:]}"
        return
    new = sorted(path.name for path in source.parent.iterdir() if path.name not in (source.name, NEIGHBOUR))
    if outcome.code != "OK":
        yield from _faults_of_refusal(item, outcome, new)
        return
    facts = json.loads(outcome.stdout)
    if len(new) != 1 or Path(new[0]).suffix != item.suffix:
        yield f"one {item.suffix} file was promised, there are {new}"
        return
    result = source.parent / new[0]
    told = " ".join([*facts["notes"], *facts["left_out"]])
    if item.said and not item.fails and not re.search(item.said, told):
        yield f"{item.said!r} is not told in {told!r}"
    yield from _faults_of_result(item, source, result)
    if item.exact:
        yield from _faults_of_strength_zero(source, result, server)


def _faults_of_refusal(item: CorpusItem, outcome: Outcome, new: list[str]) -> Iterator[str]:
    lines = outcome.stderr.strip().splitlines()
    if len(lines) != 1 or not lines[0].isprintable():
        yield f"not one plain line: {outcome.stderr[-300:]!r}"
    if item.said and item.fails and not re.search(item.said, outcome.stderr):
        yield f"{item.said!r} is not told in {outcome.stderr!r}"
    if outcome.stdout or new:
        yield f"something was left: {outcome.stdout!r} {new}"


def _faults_of_result(item: CorpusItem, source: Path, result: Path) -> Iterator[str]:
    after = compare.heard(result)
    if not np.isfinite(after).all():
        yield "the result holds values that are no numbers"
    if item.heard:
        before = compare.heard(source)
        if compare.lag(before, after) > item.lag:
            yield f"the sound is {compare.lag(before, after)} samples off"
        if abs(after.shape[1] - before.shape[1]) > LONGEST_FRAME:
            yield f"{before.shape[1]} samples became {after.shape[1]}"
    if item.copies == "pictures" and compare.picture_hash(source) != compare.picture_hash(result):
        yield "the pictures were changed"
    if item.copies == "packets":
        yield from _faults_of_copies(source, result)


def _faults_of_copies(source: Path, result: Path) -> Iterator[str]:
    chosen = choose_soundtrack(probe(source)).stream_index
    replaced = choose_soundtrack(probe(result)).stream_index
    if compare.packet_hashes(source, but_soundtrack=chosen) != compare.packet_hashes(result, but_soundtrack=replaced):
        yield "a copied stream was changed"
    if source.suffix not in (result.suffix, ".m4v"):
        return
    before, after = compare.extras(source), compare.extras(result)
    for what, had in before.items():
        if had != after[what]:
            yield f"{what}: {had} became {after[what]}"
    if before["chapters"] and not np.allclose(
        compare.chapter_starts(source), compare.chapter_starts(result), atol=2e-3
    ):
        yield "the chapters were moved"


def _faults_of_strength_zero(source: Path, result: Path, server: CommandServer) -> Iterator[str]:
    outcome = server.run(
        "highlight", "--quiet", "--strength", 0, "--force", "-o", result, "--", source.name, folder=source.parent
    )
    if outcome.code != "OK":
        yield f"at strength 0: {outcome.code}"
        return
    apart = compare.difference_db(compare.heard(source), compare.heard(result))
    if apart > compare.QUIET_DB:
        yield f"strength 0 leaves a difference of {apart:.1f} dB"
