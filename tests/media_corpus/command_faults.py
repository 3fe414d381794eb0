"""What can befall the other commands: the disk fills up, their folder vanishes or may not be written to, they are stopped.

As with `faults`: the film and the data set are as they were, the older results too, and what is new is whole. What a
command may leave is what it goes on from when it is run again: clips that are done, lines of a log.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from films import Film, film_path
from media_corpus.command_server import CommandServer, Fault, Limits, Outcome
from media_corpus.documents import LEARN
from training.small_set import small_set

from limelight.cli.context import REFUSED

FILM = Film(seconds=2.5)
OLD = b"precious"
PLACE = "results"
PROMISED = ("E_OUTPUT", "E_EXISTS")
TRAINING = (*LEARN[:3], f"{PLACE}/run", *LEARN[4:])
COMMANDS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "film.mp4", "-o", f"{PLACE}/plan.json", "--force"),
    "stems": ("stems", "film.mp4", "-o", PLACE, "--force"),
    "the report": ("highlight", "film.mp4", "-o", f"{PLACE}/out.mp4", "--report", "--force"),
    "the plan beside": ("highlight", "film.mp4", "-o", f"{PLACE}/out.mp4", "--plan", f"{PLACE}/plan.json", "--force"),
    "muddy build": (
        "muddy",
        "build",
        "film.mp4",
        "-o",
        f"{PLACE}/set",
        "--seconds",
        "1",
        "--keep-trivial",
        "--workers",
        "1",
    ),
    "muddy show": ("muddy", "show", "set", "--page", f"{PLACE}/page.html", "--examples", "2"),
    "evaluate": ("evaluate", "set", "--into", f"{PLACE}/judged", "--count", "1", "--examples", "0", "--workers", "1"),
    "train": TRAINING,
    "contexts": ("contexts", f"{PLACE}/more", "words", "--text-model", "hashed"),
}
# These go on where they were, or write the film before what goes with it.
MAY_LEAVE = ("muddy build", "evaluate", "train", "contexts", "the report", "the plan beside")


@dataclass(frozen=True)
class CommandFault:
    """A command, and what befalls it."""

    name: str
    what: str  # of COMMANDS
    codes: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)
    fault: Fault | None = None
    place: str = PLACE  # where the result is to go


def command_faults() -> list[CommandFault]:
    """Each command in each fault."""
    full = [
        CommandFault(
            f"{what}: no file may grow beyond {size} bytes",
            what,
            ("E_OUTPUT", "E_SOME_FAILED"),
            Limits(file_bytes=size),
        )
        for what in COMMANDS
        for size in (10, 2000)
        if not (what == "contexts" and size > 10)  # its files are smaller
    ]
    gone = [
        CommandFault(f"{what}: its folder vanishes", what, ("E_OUTPUT", "E_INPUT", "E_SOME_FAILED", "OK"), fault=fault)
        for what in COMMANDS
        for fault in (Fault("ready", "vanish", PLACE, after_seconds=0.1),)
    ]
    stopped = [
        CommandFault(f"{what}: {word}", what, ("E_INTERRUPTED", "OK"), fault=Fault("ready", word, after_seconds=0.2))
        for what in COMMANDS
        for word in ("interrupt", "terminate")
    ]
    refused = [
        CommandFault(f"{what}: nobody may write there", what, ("E_OUTPUT",), place="/proc")
        for what in COMMANDS
        if what != "contexts"
    ]
    return [*full, *gone, *stopped, *refused]


def faults(command: CommandFault, server: CommandServer, folder: Path) -> list[str]:
    """What was lost, or left half done; empty where nothing was."""
    shutil.copytree(_laid(), folder, dirs_exist_ok=True)
    place, before = folder / PLACE, _hashes(folder)
    words = [word.replace(PLACE, command.place) for word in COMMANDS[command.what]]
    outcome = server.run(*words, folder=folder, limits=command.limits, fault=command.fault)
    gone = place.with_name(f"{PLACE}.gone")
    if gone.exists():
        shutil.rmtree(place, ignore_errors=True)  # made anew
        gone.rename(place)
    found = list(_faults(outcome, command, before, _hashes(folder)))
    again = server.run(*COMMANDS[command.what], folder=folder)
    return found if again.code == "OK" else [*found, f"run again it says {again.stderr.strip()[-300:]}"]


def _faults(outcome: Outcome, command: CommandFault, before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    if outcome.code not in command.codes:
        yield f"{outcome.code}, not {command.codes}: {outcome.stderr.strip()[-500:]}"
        return
    lost = [name for name in before if name not in after or (outcome.code != "OK" and after[name] != before[name])]
    if lost:
        yield f"lost or changed: {lost}"
    if outcome.code == "OK":
        return
    lines = [line for line in outcome.stderr.splitlines() if line.startswith("E_")]
    if len(lines) != 1 or REFUSED in lines[0]:
        yield f"not one line of ours: {outcome.stderr.strip()[-500:]!r}"
    vanished = command.fault is not None and command.fault.subject == PLACE  # what is left is out of reach until then
    new = [] if vanished else sorted(after.keys() - before.keys())
    if command.what not in MAY_LEAVE and new:
        yield f"left behind: {new}"
    if any(".part" in name for name in new):
        yield f"left half done: {new}"


@cache
def _laid() -> Path:
    """A film, a data set, and older results, made once."""
    folder = Path(tempfile.mkdtemp(prefix="limelight-command-faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(film_path(FILM), folder / "film.mp4")
    small_set(folder / "set")
    small_set(folder / PLACE / "more")
    for name in ("plan.json", "speech.wav", "out.mp4", "page.html"):
        (folder / PLACE / name).write_bytes(OLD)
    return folder


def _hashes(folder: Path) -> dict[str, str]:
    """Every file's."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
