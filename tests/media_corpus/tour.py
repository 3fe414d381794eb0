"""The other commands visit the animals: each may refuse one in one line with a code that was promised, and that is all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from films import Film, film_path
from media_corpus.animal import Animal
from media_corpus.hostile import NEIGHBOUR
from media_corpus.nursery import Came, Limits, Nursery

from limelight.cli.context import REFUSED
from limelight.cli.errors_page import kinds
from limelight.types import STEMS

VISITORS = {
    "inspect": ("inspect", "--json", "--quiet", "--", "{name}"),
    "stems": ("stems", "--quiet", "-o", "stems", "--", "{name}"),
    "score": ("score", "--json", "--target={name}", "--", "{name}"),
}
BUILD = (
    *("muddy", "build", "films", "-o", "set", "--seconds", "1", "--keep-trivial", "--workers", "1", "--quiet"),
    *("--shares", "1,0,0"),  # the same noise is in many of them, and must not be in two splits
)
LIMITS = Limits(processor_seconds=1200, wall_seconds=1800.0)
CODES = {kind.code for kind in kinds()}
PLACES = {f"stems/{stem}.wav" for stem in STEMS}


def faults(animal: Animal, visitor: str, nursery: Nursery, folder: Path) -> list[str]:
    """What is not as it was promised; empty where all is."""
    source = folder / animal.name
    animal.make(source)
    (folder / NEIGHBOUR).write_bytes(film_path(Film(container="ts", seconds=0.4)).read_bytes())
    before, there = source.read_bytes(), _files(folder)
    came = nursery.run(*(word.replace("{name}", animal.name) for word in VISITORS[visitor]), folder=folder)
    found = list(_faults(animal, visitor, came, _files(folder) - there))
    if source.read_bytes() != before:
        found.append("the source was changed")
    return found


def _faults(animal: Animal, visitor: str, came: Came, new: set[str]) -> Iterator[str]:
    if came.code not in {"OK", *animal.codes}:
        yield f"{came.code} instead of OK or {' or '.join(animal.codes)}: {came.stderr.strip()[-300:]}"
    elif came.code != "OK":
        lines = came.stderr.strip().splitlines()
        if len(lines) != 1 or not lines[0].isprintable() or REFUSED in lines[0]:
            yield f"not one plain line of ours: {came.stderr[-300:]!r}"
        if came.stdout or new:
            yield f"something was left: {came.stdout!r} {sorted(new)}"
    else:
        if visitor != "stems":
            json.loads(came.stdout)
        if new != (PLACES if visitor == "stems" else set()):
            yield f"there are {sorted(new)}"


def faults_of_menagerie(animals: Sequence[Animal], nursery: Nursery, folder: Path) -> list[str]:
    """A data set of all of them at once: each clip is whole, and each that gives none is named with a code of ours."""
    (folder / "films").mkdir()
    for animal in animals:
        animal.make(folder / "films" / animal.name)
    came = nursery.run(*BUILD, folder=folder, limits=LIMITS)
    if came.code not in ("OK", "E_SOME_FAILED"):
        return [f"{came.code}: {came.stderr.strip()[-600:]}"]
    lines = (folder / "set" / "skipped.jsonl").read_text(encoding="utf-8").splitlines()
    found = [f"skipped without a code of ours: {line}" for line in lines if json.loads(line)["code"] not in CODES]
    check = nursery.run("muddy", "check", "set", folder=folder, limits=LIMITS)
    return found if check.code == "OK" else [*found, f"what was built is not whole: {check.stderr.strip()}"]


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.name.endswith(".part")
    }
