"""What makes a build resumable: what was asked for, what is done, what could not be done.

A part of the work (a film, a batch of scenes) is done when its record is there; the record is written last, in one step,
and holds the part's lines of the manifest. The manifest is all records together. So a build that was killed goes on where
it was, a folder can grow, and the end does not depend on how it was reached.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from limelight.dataset.clips import CLIPS
from limelight.dataset.manifest import Entry, write_manifest
from limelight.dataset.splits import Print, check_content, read_prints
from limelight.errors import InputError
from limelight.media.target import naming_write_errors, whole_or_absent

FORMAT = 1
DATASET, PARTS, SKIPPED = "dataset.json", "sources", "skipped.jsonl"


@dataclass(frozen=True)
class BuildPart:
    """What came of one film, or one batch of scenes."""

    name: str
    facts: Mapping[str, Any]  # what it was made from; another value makes it be done again
    entries: tuple[Entry, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)  # why → how many clips


@dataclass(frozen=True)
class Skipped:
    """A part that could not be done."""

    name: str
    code: str
    message: str


def open_state(folder: Path, settings: Mapping[str, Any], *, defaults: Mapping[str, Any] | None = None) -> None:
    """Makes the folder, or sees to it that what is in it was built alike; `defaults` are those of older folders.

    Raises InputError, OutputError.
    """
    wanted = json.loads(json.dumps({"format": FORMAT, **settings}))
    path = folder / DATASET
    with naming_write_errors(folder):
        (folder / CLIPS).mkdir(parents=True, exist_ok=True)
        (folder / PARTS).mkdir(exist_ok=True)
    if not path.exists():
        _write(path, json.dumps(wanted, indent=1, ensure_ascii=False))
        return
    there = {**(defaults or {}), **_read(path)}
    for name in {**wanted, **there}:
        if wanted.get(name) != there.get(name):
            raise InputError(
                f"{folder} was built with {name} {there.get(name)!r}, wanted is {wanted.get(name)!r}; "
                "ask for the same, or build into another folder."
            )


def keeps_trivial(folder: Path) -> bool:
    """Whether a data set was built to keep pairs that teach nothing (`--keep-trivial`). Raises InputError."""
    path = folder / DATASET
    return path.is_file() and _read(path).get("keep_trivial") is True


def recorded(folder: Path, name: str, facts: Mapping[str, Any]) -> BuildPart | None:
    """What was done already, if it was done from the same facts."""
    path = folder / PARTS / f"{name}.json"
    part = _part(path) if path.is_file() else None
    return part if part and part.facts == json.loads(json.dumps(facts)) else None


def record(folder: Path, part: BuildPart) -> None:
    """Says that a part is done. Raises OutputError."""
    _write(folder / PARTS / f"{part.name}.json", json.dumps(asdict(part), ensure_ascii=False, sort_keys=True))


def parts(folder: Path) -> Iterator[BuildPart]:
    """All that is done, in order of names."""
    for path in sorted((folder / PARTS).glob("*.json")):
        yield _part(path)


def finish(folder: Path, skipped: Sequence[Skipped], *, by_sound: bool = False) -> Counter[str]:
    """Writes the manifest and the list of what failed; how many clips were left out, and why. Raises Leakage.

    `by_sound`: splits are also compared by what their clips sound like.
    """
    left_out: Counter[str] = Counter()
    entries: list[Entry] = []
    prints: list[Print] = []
    for part in parts(folder):
        entries += part.entries
        left_out.update(part.left_out)
        if by_sound:
            prints += read_prints(folder, part.name, part.entries)
    if by_sound:
        check_content(entries, prints)
    write_manifest(folder, entries)
    lines = (json.dumps(asdict(one), ensure_ascii=False) for one in sorted(skipped, key=lambda one: one.name))
    _write(folder / SKIPPED, "".join(f"{line}\n" for line in lines))
    return left_out


def _part(path: Path) -> BuildPart:
    data = _read(path)
    try:
        entries = tuple(Entry.from_json(entry) for entry in data["entries"])
        return BuildPart(data["name"], data["facts"], entries, data["left_out"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no record of a build ({error}); remove it and build again.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read ({error}); remove it and build again.") from error
    return data


def _write(path: Path, text: str) -> None:
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text(text, encoding="utf-8", errors="replace")
