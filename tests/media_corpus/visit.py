"""A visit to one animal: the command is run on it, and everything that was promised is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from films import Film, film_path
from media_corpus import compare
from media_corpus.animal import Animal
from media_corpus.hostile import NEIGHBOUR
from media_corpus.nursery import Came, Nursery

from limelight.media.probe import choose_soundtrack, probe

LONGEST_FRAME = 2048  # samples that an encoder may add at the end


def faults(animal: Animal, nursery: Nursery, folder: Path) -> list[str]:
    """What is not as it was promised; empty where all is."""
    source = folder / animal.name
    animal.make(source)
    (folder / NEIGHBOUR).write_bytes(film_path(Film(container="ts", seconds=0.4)).read_bytes())
    before = source.read_bytes()
    came = nursery.run("highlight", "--quiet", "--json", "--", animal.name, folder=folder)
    found = list(_faults(animal, came, source, nursery))
    if source.read_bytes() != before:
        found.append("the source was changed")
    return found


def _faults(animal: Animal, came: Came, source: Path, nursery: Nursery) -> Iterator[str]:
    if came.code not in animal.codes:
        yield f"{came.code} instead of {' or '.join(animal.codes)}: {came.stderr.strip()[-300:]}"
        return
    new = sorted(path.name for path in source.parent.iterdir() if path.name not in (source.name, NEIGHBOUR))
    if came.code != "OK":
        yield from _faults_of_refusal(animal, came, new)
        return
    facts = json.loads(came.stdout)
    if len(new) != 1 or Path(new[0]).suffix != animal.suffix:
        yield f"one {animal.suffix} file was promised, there are {new}"
        return
    result = source.parent / new[0]
    told = " ".join([*facts["notes"], *facts["left_out"]])
    if animal.said and not animal.fails and not re.search(animal.said, told):
        yield f"{animal.said!r} is not told in {told!r}"
    yield from _faults_of_result(animal, source, result)
    if animal.exact:
        yield from _faults_of_strength_zero(source, result, nursery)


def _faults_of_refusal(animal: Animal, came: Came, new: list[str]) -> Iterator[str]:
    lines = came.stderr.strip().splitlines()
    if len(lines) != 1 or not lines[0].isprintable():
        yield f"not one plain line: {came.stderr[-300:]!r}"
    if animal.said and animal.fails and not re.search(animal.said, came.stderr):
        yield f"{animal.said!r} is not told in {came.stderr!r}"
    if came.stdout or new:
        yield f"something was left: {came.stdout!r} {new}"


def _faults_of_result(animal: Animal, source: Path, result: Path) -> Iterator[str]:
    after = compare.heard(result)
    if not np.isfinite(after).all():
        yield "the result holds values that are no numbers"
    if animal.heard:
        before = compare.heard(source)
        if compare.lag(before, after) > animal.lag:
            yield f"the sound is {compare.lag(before, after)} samples off"
        if abs(after.shape[1] - before.shape[1]) > LONGEST_FRAME:
            yield f"{before.shape[1]} samples became {after.shape[1]}"
    if animal.copies == "pictures" and compare.picture_hash(source) != compare.picture_hash(result):
        yield "the pictures were changed"
    if animal.copies == "packets":
        yield from _faults_of_copies(source, result)


def _faults_of_copies(source: Path, result: Path) -> Iterator[str]:
    chosen = choose_soundtrack(probe(source)).stream_index
    replaced = choose_soundtrack(probe(result)).stream_index
    if compare.packet_hashes(source, but_soundtrack=chosen) != compare.packet_hashes(result, but_soundtrack=replaced):
        yield "a copied stream was changed"
    if source.suffix not in (result.suffix, ".m4v"):
        return
    before, after = compare.belongings(source), compare.belongings(result)
    for what, had in before.items():
        if had != after[what]:
            yield f"{what}: {had} became {after[what]}"
    if before["chapters"] and not np.allclose(
        compare.chapter_starts(source), compare.chapter_starts(result), atol=2e-3
    ):
        yield "the chapters were moved"


def _faults_of_strength_zero(source: Path, result: Path, nursery: Nursery) -> Iterator[str]:
    came = nursery.run(
        "highlight", "--quiet", "--strength", 0, "--force", "-o", result, "--", source.name, folder=source.parent
    )
    if came.code != "OK":
        yield f"at strength 0: {came.code}"
        return
    apart = compare.difference_db(compare.heard(source), compare.heard(result))
    if apart > compare.QUIET_DB:
        yield f"strength 0 leaves a difference of {apart:.1f} dB"
