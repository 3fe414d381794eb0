"""The other commands on the items of the corpus: each may refuse one in one line with a promised code, and that is all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from films import Film, film_path
from media_corpus.command_server import CommandServer, Limits, Outcome
from media_corpus.corpus_item import CorpusItem
from media_corpus.hostile import NEIGHBOUR

from limelight.cli.context import REFUSED
from limelight.errors import kinds
from limelight.types import STEMS

OTHER_COMMANDS = {
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


def faults(item: CorpusItem, command: str, server: CommandServer, folder: Path) -> list[str]:
    """What is not as it was promised; empty where all is."""
    source = folder / item.name
    item.make(source)
    (folder / NEIGHBOUR).write_bytes(film_path(Film(container="ts", seconds=0.4)).read_bytes())
    before, there = source.read_bytes(), _files(folder)
    outcome = server.run(*(word.replace("{name}", item.name) for word in OTHER_COMMANDS[command]), folder=folder)
    found = list(_faults(item, command, outcome, _files(folder) - there))
    if source.read_bytes() != before:
        found.append("the source was changed")
    return found


def _faults(item: CorpusItem, command: str, outcome: Outcome, new: set[str]) -> Iterator[str]:
    if outcome.code not in {"OK", *item.codes}:
        yield f"{outcome.code} instead of OK or {' or '.join(item.codes)}: {outcome.stderr.strip()[-300:]}"
    elif outcome.code != "OK":
        lines = outcome.stderr.strip().splitlines()
        if len(lines) != 1 or not lines[0].isprintable() or REFUSED in lines[0]:
            yield f"not one plain line of ours: {outcome.stderr[-300:]!r}"
        if outcome.stdout or new:
            yield f"something was left: {outcome.stdout!r} {sorted(new)}"
    else:
        if command != "stems":
            json.loads(outcome.stdout)
        if new != (PLACES if command == "stems" else set()):
            yield f"there are {sorted(new)}"


def faults_of_corpus(items: Sequence[CorpusItem], server: CommandServer, folder: Path) -> list[str]:
    """A data set of all of them at once: each clip is whole, and each that gives none is named with a code of ours."""
    (folder / "films").mkdir()
    for item in items:
        item.make(folder / "films" / item.name)
    outcome = server.run(*BUILD, folder=folder, limits=LIMITS)
    if outcome.code not in ("OK", "E_SOME_FAILED"):
        return [f"{outcome.code}: {outcome.stderr.strip()[-600:]}"]
    lines = (folder / "set" / "skipped.jsonl").read_text(encoding="utf-8").splitlines()
    found = [f"skipped without a code of ours: {line}" for line in lines if json.loads(line)["code"] not in CODES]
    check = server.run("muddy", "check", "set", folder=folder, limits=LIMITS)
    return found if check.code == "OK" else [*found, f"what was built is not whole: {check.stderr.strip()}"]


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.name.endswith(".part")
    }
