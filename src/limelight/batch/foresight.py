"""What a batch would do, how long it takes and how much disk: `limelight batch --dry-run`."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from limelight.batch import storage
from limelight.batch.films import FilmRecord, FilmTask
from limelight.errors import InputError
from limelight.media.formats import default_suffix
from limelight.media.probe import probe

TIMES_REAL_TIME = 5.0  # of one processor; what is assumed of films until some are done
BYTES_A_SECOND = 1_000_000  # of a film that cannot be probed from here


@dataclass(frozen=True)
class Foreseen:
    """What a batch would do."""

    films: Counter[str]  # make, before, exists, missing, unusable → how many
    film_seconds: float  # of those to be made
    length_guessed: int  # how many of them by their size alone
    seconds: float  # that it takes
    times_real_time: float  # of one job, from films that were done, or assumed
    assumed: bool
    size_bytes: int  # of the results
    free_bytes: int | None  # where they go; None: not known


def foresee(films: Iterable[FilmTask], slots: int) -> Iterator[tuple[FilmTask, str] | Foreseen]:
    """Each film with what would be done, at the end the sum. Nothing is written, no film is read through."""
    states, length, guessed, size, known = Counter[str](), 0.0, 0, 0, [0.0, 0.0]
    folder = ""
    for task in films:
        state, seconds, record = _foreseen(task)
        states[state] += 1
        if record and record.seconds:
            known = [known[0] + record.film_seconds, known[1] + record.seconds]
        if state == "make":
            guessed += seconds is None
            length += task.size_bytes / BYTES_A_SECOND if seconds is None else seconds
            size += task.size_bytes
            folder = folder or storage.folder_of(task.target)
        yield task, state
    speed = known[0] / known[1] if known[1] else TIMES_REAL_TIME
    free = None if not folder or storage.is_url(folder) else shutil.disk_usage(_existing(Path(folder))).free
    yield Foreseen(states, length, guessed, length / speed / max(1, slots), speed, not known[1], size, free)


def _foreseen(task: FilmTask) -> tuple[str, float | None, FilmRecord | None]:
    """What would be done, how long the film is where that can be seen from here, what is known of its result."""
    if storage.stamp(task.source) is None:
        return "missing", None, None
    try:
        found, record = task.stamp(), FilmRecord.read(task.record)
    except InputError:  # a stem is not there, or a record is none
        return "unusable", None, None
    there = record is not None and record.state == "done" and storage.stamp(record.target) is not None
    if record and there and (record.settings, record.source_stamp) == (task.settings.key, found):
        return "before", record.film_seconds, record
    if record and there:
        return "make" if task.force else "exists", record.film_seconds, record
    try:
        info = None if storage.is_url(task.source) else probe(task.source)
    except InputError:
        return "unusable", None, record
    taken = info and not record and storage.stamp(task.target + default_suffix(info))
    seconds = info.duration_seconds if info else None
    return "exists" if taken and not task.force else "make", seconds, record


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.resolve().parents) if path.exists())
