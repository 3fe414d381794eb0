"""The short parts: each runs many small commands in a server of commands and counts what was not as promised."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av.error
from media_corpus import command_faults, faults, fuzzing, highlight_check, malformed, other_commands, sync
from media_corpus.command_server import CommandServer, Outcome
from media_corpus.corpus import ALL, GROUPS
from media_corpus.documents import DOCUMENTS, LEARNT
from tally import Tally

DOCUMENT_CASES = 300
Trial = Callable[[CommandServer, Path], list[str]]


class Witness(CommandServer):
    """A server that remembers what came of the commands since it was last asked."""

    def __init__(self, *also: str) -> None:
        super().__init__(*also)
        self._outcomes: list[Outcome] = []

    def run(self, *words: object, **more: object) -> Outcome:
        outcome = super().run(*words, **more)
        self._outcomes.append(outcome)
        return outcome

    def told(self) -> list[Outcome]:
        """And forgets it."""
        outcome, self._outcomes = self._outcomes, []
        return outcome


@contextmanager
def timed(tally: Tally, *also: str) -> Iterator[Witness]:
    """A server, with more modules in it where they are named, and the seconds that it was used."""
    started = time.perf_counter()
    with Witness(*also) as server:
        yield server
    tally.seconds = time.perf_counter() - started


def corpus(count: int | None, seed: int) -> Iterator[Tally]:
    """Every item, group by group."""
    for name, items in GROUPS.items():
        tally = Tally(
            f"corpus, {name}", f"{len(items)} files, `tests/media_corpus`: the right result, or the right error."
        )
        with timed(tally) as server:
            for item in items[:count]:
                _try(tally, ascii(item.name), server, lambda n, folder, a=item: highlight_check.faults(a, n, folder))
        yield tally


def other_commands_tried(count: int | None, seed: int) -> Iterator[Tally]:
    """The other commands on every item, and on all of them at once."""
    for command in other_commands.OTHER_COMMANDS:
        tally = Tally(
            f"other_commands, {command}",
            f"`limelight {command}` on the items of the corpus: done, or refused in one line.",
        )
        with timed(tally) as server:
            for item in ALL[:count]:
                _try(
                    tally,
                    ascii(item.name),
                    server,
                    lambda n, folder, a=item, v=command: other_commands.faults(a, v, n, folder),
                )
        yield tally
    tally = Tally(
        "other_commands, muddy build",
        "A data set out of every third item at once: what cannot be used is named, the rest is built.",
    )
    with timed(tally) as server:
        _try(
            tally, "the corpus", server, lambda n, folder: other_commands.faults_of_corpus(ALL[::3][:count], n, folder)
        )
    yield tally


def malformed_documents(count: int | None, seed: int) -> Iterator[Tally]:
    """Broken plans, models, captions, data sets."""
    wanted = DOCUMENT_CASES if count is None else count
    what = (
        f"{', '.join(document.name for document in DOCUMENTS)}: broken by seeded mutations (seed {seed}), their hashes "
        "made to fit again, each read by its command in a process with limits."
    )
    tally = Tally("documents", what)
    with timed(tally, *LEARNT) as server:
        for number in range(wanted):
            case = malformed.MalformedDocument(seed, number)
            name = f"case {seed}:{number} of {case.document.name}"
            _try(tally, name, server, lambda n, folder, c=case: malformed.faults(c, n, folder))
    yield tally


def sent(count: int | None, seed: int) -> Iterator[Tally]:
    """Faults of the other commands."""
    tally = Tally(
        "command_faults",
        f"{', '.join(command_faults.COMMANDS)}: the disk fills up, the folder goes, Ctrl-C, SIGTERM; and again.",
    )
    with timed(tally, *LEARNT) as server:
        for command in command_faults.command_faults()[:count]:
            _try(tally, command.name, server, lambda n, folder, e=command: command_faults.faults(e, n, folder))
    yield tally


def synced(count: int | None, seed: int) -> Iterator[Tally]:
    """Click and flash."""
    films = sync.films()
    tally = Tally("sync", f"Click and flash in {len(films)} films, every container, rate and start: 0 samples off.")
    with timed(tally) as server:
        for film in films[:count]:
            _try(tally, sync.title(film), server, lambda n, folder, f=film: sync.faults(f, n, folder))
    yield tally


def killed(count: int | None, seed: int) -> Iterator[Tally]:
    """kill −9, and everything else."""
    kills = faults.kills(70 if count is None else count, seed=seed)
    others = faults.other_faults()[:count]
    for part, trials, what in (
        (
            "kill −9",
            kills,
            "At random moments of every stage: the old result or a whole new one; the next run cleans up.",
        ),
        ("faults", others, "The film changes or vanishes, the disk fills up, the folder goes, Ctrl-C, SIGTERM."),
    ):
        tally = Tally(part, what)
        with timed(tally) as server:
            for trial in trials:
                _try(tally, trial.name, server, lambda n, folder, t=trial: faults.faults(t, n, folder))
        yield tally


class Fuzz:
    """Broken items, each case once, however many work on them."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self, count: int | None, seed: int) -> Iterator[Tally]:
        wanted = 2000 if count is None else count
        what = (
            f"Items broken by seeded mutations (seed {seed}), each in a process with limits on memory, time and files."
        )
        tally = Tally("fuzz", what)
        with timed(tally) as server:
            while (number := next(self._numbers)) < wanted:
                case = fuzzing.Broken(seed, number)
                name = f"case {seed}:{number} of {case.item.name!a}"
                _try(tally, name, server, lambda n, folder, c=case: fuzzing.faults(c, n, folder))
        yield tally


def _try(tally: Tally, name: str, server: Witness, trial: Trial) -> None:
    """One trial in a folder of its own. What the first command came to is what the trial came to."""
    folder = Path(tempfile.mkdtemp(prefix="limelight-stress-"))
    try:
        found = trial(server, folder)
    except (OSError, ValueError, av.error.FFmpegError) as error:  # our own are one of these
        found = [f"what came cannot be judged: {error!r}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    outcome = server.told()
    tally.take(
        name, found, code=outcome[0].code if outcome else "", peak_mb=max((c.peak_mb for c in outcome), default=0.0)
    )
