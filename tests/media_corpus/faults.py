"""What can happen to a command on its way: it is killed, the disk fills up, files change or vanish under it.

Whatever happens, the film is as it was, and the result is the old one, whole; or a new one, whole; or none at all. What a
killed command left lying about is gone after the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from films import Film, film_path
from media_corpus import compare
from media_corpus.command_server import STAGES, CommandServer, Fault, Limits, Outcome

FILM = Film(seconds=3.0, tags=(("title", "the film"),))
OTHER = replace(FILM, seconds=2.0, seed=9)
LAST_STAGES = ("copy", "verify")  # over in a moment
OLD = b"precious"
SOURCE, TARGET, FOLDER = "film.mp4", "out.mp4", "results"


@dataclass(frozen=True)
class Trial:
    """A fault, what may come of the command that it befalls, and whether a result was there before."""

    name: str
    codes: tuple[str, ...]
    fault: Fault | None = None
    limits: Limits = field(default_factory=Limits)
    words: Sequence[str] = ()
    had_result: bool = True


def kills(count: int, *, seed: int) -> list[Trial]:
    """kill −9 at random moments of every stage, in turn. Some commands are quicker than their kill."""
    draw = Random(seed)
    return [
        Trial(
            f"kill in {stage}",
            ("signal 9", "OK"),
            Fault(stage, "kill", after_seconds=draw.uniform(0, 0.02 if stage in LAST_STAGES else 0.15)),
            had_result=draw.random() < 0.5,
        )
        for stage in (STAGES * (count // len(STAGES) + 1))[:count]
    ]


def other_faults() -> list[Trial]:
    """Everything else that can go wrong outside."""
    changed = [
        Trial(f"the film is {what} in {stage}", ("E_INPUT", "E_NOT_MEDIA", "E_DAMAGED"), Fault(stage, word, SOURCE))
        for what, word in (("cut", "shrink"), ("longer", "grow"), ("another", "replace"), ("gone", "vanish"))
        for stage in ("look", "plan", "render")
    ]
    full = [
        Trial(f"no file may grow beyond {size} bytes", ("E_OUTPUT",), limits=Limits(file_bytes=size))
        for size in (1000, 5000, 20_000, 50_000)
    ]
    stopped = [
        Trial(f"{word} in {stage}", ("E_INTERRUPTED",), Fault(stage, word))
        for word in ("interrupt", "terminate")
        for stage in ("look", "plan", "render")
    ]
    gone = [
        Trial(f"the folder vanishes in {stage}", ("E_OUTPUT",), Fault(stage, "vanish", FOLDER))
        for stage in ("look", "measure", "plan", "render")
    ]
    refused = [
        Trial("nobody may write there", ("E_OUTPUT",), words=("-o", "/proc/out.mp4")),
        Trial("there is no such model", ("E_MODEL",), words=("--model", "nowhere")),
        Trial("a folder that is no model", ("E_MODEL",), words=("--model", FOLDER)),
    ]
    return [*changed, *full, *stopped, *gone, *refused]


def faults(trial: Trial, server: CommandServer, folder: Path) -> list[str]:
    """What was lost, or left lying about; empty where nothing was."""
    source, place = folder / SOURCE, folder / FOLDER
    place.mkdir()
    source.write_bytes(film_path(FILM).read_bytes())
    source.with_name("other").write_bytes(film_path(OTHER).read_bytes())
    if trial.had_result:
        (place / TARGET).write_bytes(OLD)
    outcome = _command(server, folder, trial)
    found = (
        [] if outcome.code in trial.codes else [f"{outcome.code}, not {trial.codes}: {outcome.stderr.strip()[-300:]}"]
    )
    if not place.exists():
        place.with_name(f"{FOLDER}.gone").rename(place)
    found += _faults_of_result(outcome, trial, place)
    source.write_bytes(film_path(FILM).read_bytes())
    again = _command(server, folder, Trial("again", ("OK",), words=("--strength", "0")))
    if again.code != "OK":
        found.append(f"run again it says {again.stderr.strip()[-300:]}")
    return found + _left(place, {TARGET})


def _command(server: CommandServer, folder: Path, trial: Trial) -> Outcome:
    words = ["highlight", "--force", "-o", f"{FOLDER}/{TARGET}", *trial.words, SOURCE]
    return server.run(*words, folder=folder, fault=trial.fault, limits=trial.limits)


def _faults_of_result(outcome: Outcome, trial: Trial, place: Path) -> Iterator[str]:
    target = place / TARGET
    killed = outcome.exit_code < 0
    vanished = trial.fault is not None and trial.fault.subject == FOLDER  # what is left is out of reach until then
    if not killed and not vanished:
        yield from _left(place, {TARGET} if trial.had_result or outcome.code == "OK" else set())
        lines = [line for line in outcome.stderr.splitlines() if line.startswith("E_")]
        if outcome.code != "OK" and len(lines) != 1:
            yield f"not one line: {outcome.stderr!r}"
    if not target.exists():
        if trial.had_result:
            yield "the old result is gone"
        return
    if target.read_bytes() == OLD:
        if outcome.code == "OK" or not trial.had_result:
            yield "an old result that should not be there"
    elif outcome.code == "OK" or killed:
        yield from _faults_of_whole(target)
    else:
        yield "the old result was replaced by a command that failed"


def _faults_of_whole(target: Path) -> Iterator[str]:
    if compare.picture_hash(target) != _shown() or compare.heard(target).shape[1] < FILM.seconds * FILM.sample_rate:
        yield "the new result is not whole"


@cache
def _shown() -> tuple[int, str]:
    return compare.picture_hash(film_path(FILM))


def _left(place: Path, promised: set[str]) -> list[str]:
    there = {path.name for path in place.iterdir()}
    return [] if there == promised else [f"{sorted(there)} in the folder, promised was {sorted(promised)}"]
