"""A batch from its first film to its last: done by an engine, told line by line, summed up.

    inputs ─► queue ─► engine ─► FilmDone ─► a line of JSON for each film (batch.jsonl), totals, time left

The lines are for people and programs; what makes a batch resumable are the records beside the results (`films`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from limelight.batch import storage
from limelight.batch.engine import Engine, Report, Resources
from limelight.batch.films import FilmDone, FilmRecord, FilmTask, do_film
from limelight.batch.queue import Queue, Status
from limelight.errors import InputError, SomeFailed
from limelight.media.formats import default_suffix
from limelight.media.probe import probe
from limelight.media.target import naming_write_errors

STATUS = "batch.jsonl"
SEND_SECONDS = 60.0  # between two uploads of the lines, where they lie on an object store
TIMES_REAL_TIME = 5.0  # of one processor; what is assumed of films until some are done
BYTES_A_SECOND = 1_000_000  # of a film that cannot be probed from here
FilmWork = Callable[[FilmTask, Report], FilmDone]
FilmState = Literal["done", "before", "failed", "cancelled"]


@dataclass(frozen=True)
class FilmStatus:
    """What came of a film, as its line says it."""

    film: str
    state: FilmState
    target: str = ""
    code: str = ""
    message: str = ""
    attempts: int = 1
    seconds: float = 0.0  # that it took
    film_seconds: float = 0.0
    loudness_before_lufs: float | None = None
    loudness_after_lufs: float | None = None
    changed: bool | None = None  # None: not known
    notes: tuple[str, ...] = ()
    sha256: str = ""  # of the result
    node: str = ""

    @classmethod
    def of(cls, task: FilmTask, status: Status[FilmDone]) -> FilmStatus:
        """From a job that is over."""
        outcome = status.outcome
        assert outcome is not None
        if outcome.result is None:
            state: FilmState = "cancelled" if status.state == "cancelled" else "failed"
            return cls(task.source, state, "", outcome.code, outcome.message, status.attempts, round(status.seconds, 3))
        record = outcome.result.record
        return cls(
            film=task.source,
            state="before" if outcome.result.before else "done",
            target=record.target,
            attempts=status.attempts,
            seconds=record.seconds,
            film_seconds=record.film_seconds,
            loudness_before_lufs=record.loudness_before_lufs,
            loudness_after_lufs=record.loudness_after_lufs,
            changed=record.changed,
            notes=record.notes,
            sha256=record.result_sha256,
            node=record.node,
        )

    @property
    def line(self) -> str:
        """As JSON, without what says nothing."""
        return json.dumps(
            {name: value for name, value in vars(self).items() if value not in ("", (), None)}, ensure_ascii=False
        )


@dataclass
class Totals:
    """How far a batch is."""

    films: int  # in all; 0: not known
    size_bytes: int
    states: Counter[str] = field(default_factory=Counter)
    film_seconds: float = 0.0  # of those that were made now
    bytes_made: int = 0
    bytes_over: int = 0
    began: float = field(default_factory=time.monotonic)
    failed: list[FilmStatus] = field(default_factory=list)  # the first of them, for the table
    running: dict[int, float] = field(default_factory=dict)  # bytes done of those that are on their way

    FAILED_KEPT = 1000

    @property
    def over(self) -> int:
        return sum(self.states.values())

    @property
    def seconds_left(self) -> float | None:
        """By the bytes that were made in the time; None until there are any."""
        made = self.bytes_made + sum(self.running.values())
        elapsed = time.monotonic() - self.began
        left = self.size_bytes - self.bytes_over - sum(self.running.values())
        return max(0.0, left) * elapsed / made if made > 0 and self.films else None

    def add(self, task: FilmTask, status: FilmStatus) -> None:
        """A film that is over."""
        self.states[status.state] += 1
        self.bytes_over += task.size_bytes
        if status.state == "done":
            self.bytes_made += task.size_bytes
            self.film_seconds += status.film_seconds
        if status.state == "failed" and len(self.failed) < self.FAILED_KEPT:
            self.failed.append(status)

    def check(self, told: str) -> None:
        """Raises SomeFailed, which makes the exit code, where some failed."""
        if self.states["failed"]:
            raise SomeFailed(
                f"{self.states['failed']} of {self.over} films could not be done; {told}mend or leave them out, and run the "
                "command again: what is done stays done"
            )


def run_batch(
    films: Iterable[FilmTask | None],
    engine: Engine,
    totals: Totals,
    *,
    status_file: str | None = None,
    resources: Resources | None = None,
    work: FilmWork = do_film,
) -> Iterator[FilmStatus | None]:
    """What comes of each film, as it comes; None now and then, when there is only progress to be seen in `totals`.

    A None among the films says that there is none now, but that one may come: so a watched folder is a batch without end.
    Raises OutputError where the lines cannot be written; films fail alone.
    """
    coming, tasks = iter(films), dict[int, FilmTask]()
    lines = StatusLines(status_file)
    with Queue(engine, work, resources=resources, keep_finished=False) as queue, lines:
        more = True
        while more or queue.unfinished:
            more = more and _fill(queue, coming, tasks)
            for status in queue.step():
                if not status.over:
                    totals.running[status.number] = status.done * tasks[status.number].size_bytes
                    continue
                totals.running.pop(status.number, None)
                task = tasks.pop(status.number)
                told = FilmStatus.of(task, status)
                totals.add(task, told)
                lines.add(told)
                yield told
            lines.send_now_and_then()
            yield None


def _fill(queue: Queue[FilmTask, FilmDone], coming: Iterator[FilmTask | None], tasks: dict[int, FilmTask]) -> bool:
    """Takes films while there is room; False when there are no more."""
    while queue.room() > 0:
        task = next(coming, _END)
        if task is _END:
            return False
        if task is None:
            return True
        assert isinstance(task, FilmTask)
        tasks[queue.submit(task)] = task
    return True


_END: Any = object()


class StatusLines:
    """A line of JSON a film, in a file that grows; for an object store the file grows here, and is sent now and then."""

    def __init__(self, place: str | None) -> None:
        self._place = place
        self._file: Path | None = None
        self._sent = time.monotonic()

    def __enter__(self) -> StatusLines:
        if self._place and storage.is_url(self._place):
            handle, name = tempfile.mkstemp(prefix="limelight-batch-", suffix=".jsonl")
            os.close(handle)
            self._file = Path(name)
            self._file.write_text(storage.read_text(self._place) or "", encoding="utf-8")
        elif self._place:
            storage.make_folder(storage.folder_of(self._place))
            self._file = Path(self._place)
        return self

    def add(self, status: FilmStatus) -> None:
        if self._file:
            with naming_write_errors(self._file), self._file.open("a", encoding="utf-8") as file:
                file.write(status.line + "\n")

    def send_now_and_then(self) -> None:
        if time.monotonic() - self._sent > SEND_SECONDS:
            self._send()

    def _send(self) -> None:
        if self._place and self._file and storage.is_url(self._place):
            storage.write_text(self._place, self._file.read_text(encoding="utf-8"))
        self._sent = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self._send()
        if self._place and self._file and storage.is_url(self._place):
            self._file.unlink(missing_ok=True)


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
