"""The other commands visit the animals: each may refuse one in one line with a code that was promised, and that is all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from films import Film, film_path
from zoo.animal import Animal
from zoo.hostile import NEIGHBOUR
from zoo.nursery import Came, Nursery

from limelight.app.door import REFUSED
from limelight.signals import STEMS

VISITORS = {
    "inspect": ("inspect", "--json", "--quiet", "--", "{name}"),
    "stems": ("stems", "--quiet", "-o", "stems", "--", "{name}"),
    "score": ("score", "--json", "--target={name}", "--", "{name}"),
}
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


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.name.endswith(".part")
    }
