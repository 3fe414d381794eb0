"""The short parts: each runs many small commands in a nursery and counts what was not as promised."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av.error
from media_corpus import errands, faults, fuzzing, scraps, sync, tour, visit
from media_corpus.inhabitants import ALL, GROUPS
from media_corpus.nursery import Came, Nursery
from media_corpus.papers import LEARNT, PAPERS
from tally import Tally

PAPER_CASES = 300
Trial = Callable[[Nursery, Path], list[str]]


class Witness(Nursery):
    """A nursery that remembers what came of the commands since it was last asked."""

    def __init__(self, *also: str) -> None:
        super().__init__(*also)
        self._came: list[Came] = []

    def run(self, *words: object, **more: object) -> Came:
        came = super().run(*words, **more)
        self._came.append(came)
        return came

    def told(self) -> list[Came]:
        """And forgets it."""
        came, self._came = self._came, []
        return came


@contextmanager
def timed(tally: Tally, *also: str) -> Iterator[Witness]:
    """A nursery, with more modules in it where they are named, and the seconds that it was used."""
    started = time.perf_counter()
    with Witness(*also) as nursery:
        yield nursery
    tally.seconds = time.perf_counter() - started


def zoo(count: int | None, seed: int) -> Iterator[Tally]:
    """Every animal, group by group."""
    for name, animals in GROUPS.items():
        tally = Tally(f"zoo, {name}", f"{len(animals)} files, `tests/zoo`: the right result, or the right error.")
        with timed(tally) as nursery:
            for animal in animals[:count]:
                _try(tally, ascii(animal.name), nursery, lambda n, folder, a=animal: visit.faults(a, n, folder))
        yield tally


def toured(count: int | None, seed: int) -> Iterator[Tally]:
    """The other commands on every animal, and on all of them at once."""
    for visitor in tour.VISITORS:
        tally = Tally(
            f"tour, {visitor}", f"`limelight {visitor}` on the animals of the zoo: done, or refused in one line."
        )
        with timed(tally) as nursery:
            for animal in ALL[:count]:
                _try(
                    tally,
                    ascii(animal.name),
                    nursery,
                    lambda n, folder, a=animal, v=visitor: tour.faults(a, v, n, folder),
                )
        yield tally
    tally = Tally(
        "tour, muddy build",
        "A data set out of every third animal at once: what cannot be used is named, the rest is built.",
    )
    with timed(tally) as nursery:
        _try(tally, "the menagerie", nursery, lambda n, folder: tour.faults_of_menagerie(ALL[::3][:count], n, folder))
    yield tally


def papered(count: int | None, seed: int) -> Iterator[Tally]:
    """Broken plans, models, captions, data sets."""
    wanted = PAPER_CASES if count is None else count
    what = (
        f"{', '.join(paper.name for paper in PAPERS)}: broken by seeded mutations (seed {seed}), their hashes made to fit "
        "again, each read by its command in a process with limits."
    )
    tally = Tally("papers", what)
    with timed(tally, *LEARNT) as nursery:
        for number in range(wanted):
            case = scraps.Scrap(seed, number)
            name = f"case {seed}:{number} of {case.paper.name}"
            _try(tally, name, nursery, lambda n, folder, c=case: scraps.faults(c, n, folder))
    yield tally


def sent(count: int | None, seed: int) -> Iterator[Tally]:
    """Mishaps of the other commands."""
    tally = Tally(
        "errands", f"{', '.join(errands.ERRANDS)}: the disk fills up, the folder goes, Ctrl-C, SIGTERM; and again."
    )
    with timed(tally, *LEARNT) as nursery:
        for errand in errands.errands()[:count]:
            _try(tally, errand.name, nursery, lambda n, folder, e=errand: errands.faults(e, n, folder))
    yield tally


def synced(count: int | None, seed: int) -> Iterator[Tally]:
    """Click and flash."""
    films = sync.films()
    tally = Tally("sync", f"Click and flash in {len(films)} films, every container, rate and start: 0 samples off.")
    with timed(tally) as nursery:
        for film in films[:count]:
            _try(tally, sync.title(film), nursery, lambda n, folder, f=film: sync.faults(f, n, folder))
    yield tally


def killed(count: int | None, seed: int) -> Iterator[Tally]:
    """kill −9, and everything else."""
    kills = faults.kills(70 if count is None else count, seed=seed)
    others = faults.mishaps()[:count]
    for part, trials, what in (
        (
            "kill −9",
            kills,
            "At random moments of every stage: the old result or a whole new one; the next run cleans up.",
        ),
        ("mishaps", others, "The film changes or vanishes, the disk fills up, the folder goes, Ctrl-C, SIGTERM."),
    ):
        tally = Tally(part, what)
        with timed(tally) as nursery:
            for trial in trials:
                _try(tally, trial.name, nursery, lambda n, folder, t=trial: faults.faults(t, n, folder))
        yield tally


class Fuzz:
    """Broken animals, each case once, however many work on them."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self, count: int | None, seed: int) -> Iterator[Tally]:
        wanted = 2000 if count is None else count
        what = f"Animals broken by seeded mutations (seed {seed}), each in a process with limits on memory, time and files."
        tally = Tally("fuzz", what)
        with timed(tally) as nursery:
            while (number := next(self._numbers)) < wanted:
                case = fuzzing.Broken(seed, number)
                name = f"case {seed}:{number} of {case.animal.name!a}"
                _try(tally, name, nursery, lambda n, folder, c=case: fuzzing.faults(c, n, folder))
        yield tally


def _try(tally: Tally, name: str, nursery: Witness, trial: Trial) -> None:
    """One trial in a folder of its own. What the first command came to is what the trial came to."""
    folder = Path(tempfile.mkdtemp(prefix="limelight-torture-"))
    try:
        found = trial(nursery, folder)
    except (OSError, ValueError, av.error.FFmpegError) as error:  # our own are one of these
        found = [f"what came cannot be judged: {error!r}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    came = nursery.told()
    tally.take(name, found, code=came[0].code if came else "", peak_mb=max((c.peak_mb for c in came), default=0.0))
