"""A batch from its first film to its last: done by an engine, told line by line, summed up.

    inputs ─► queue ─► engine ─► FilmDone ─► a line of JSON for each film (batch.jsonl), totals, time left

The lines are for people and programs; what makes a batch resumable are the records beside the results (`films`).
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from limelight.batch import storage
from limelight.batch.engine import Engine, Report, Resources
from limelight.batch.films import FilmDone, FilmTask, do_film
from limelight.batch.queue import Queue, Status
from limelight.errors import OutputError, SomeFailed
from limelight.media.target import naming_write_errors

log = logging.getLogger(__name__)
STATUS = "batch.jsonl"
SEND_SECONDS = 60.0  # between two uploads of the lines, where they lie on an object store
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
        return storage.json_text({name: value for name, value in vars(self).items() if value not in ("", (), None)})


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
    Raises OutputError where the lines cannot be written from the start; films fail alone.
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
    """A line of JSON a film, in a file that grows; for an object store the file grows here, and is sent now and then.

    Where the disk is full, lines wait for room: what is done goes on. Raises OutputError where they cannot be written from
    the start.
    """

    def __init__(self, place: str | None) -> None:
        self._place = place
        self._file: Path | None = None
        self._sent = time.monotonic()
        self._unwritten, self._told = b"", False

    def __enter__(self) -> StatusLines:
        if self._place and storage.is_url(self._place):
            handle, name = tempfile.mkstemp(prefix="limelight-batch-", suffix=".jsonl")
            os.close(handle)
            self._file = Path(name)
            self._file.write_text(storage.read_text(self._place) or "", encoding="utf-8")
        elif self._place:
            storage.make_folder(storage.folder_of(self._place))
            self._file = Path(self._place)
            with naming_write_errors(self._file):
                self._file.open("ab").close()
        return self

    def add(self, status: FilmStatus) -> None:
        if self._file:
            self._unwritten += f"{status.line}\n".encode()
            self._write(self._file)

    def _write(self, file: Path) -> None:
        """As much as there is room for."""
        try:
            with file.open("ab", buffering=0) as lines:
                while self._unwritten:
                    self._unwritten = self._unwritten[lines.write(self._unwritten) :]
        except OSError as error:
            if not self._told:
                log.warning("cannot write %s now: %s; its lines wait", file, error.strerror or error)
            self._told = True

    def send_now_and_then(self) -> None:
        if time.monotonic() - self._sent > SEND_SECONDS:
            self._send()

    def _send(self) -> None:
        """What waits, to its place. An object store that does not answer now is asked again later."""
        self._sent = time.monotonic()
        if self._file and self._unwritten:
            self._write(self._file)
        if self._place and self._file and storage.is_url(self._place):
            try:
                storage.write_text(self._place, self._file.read_text(encoding="utf-8"))
            except OutputError as error:
                log.warning("%s", error)

    def __exit__(self, *error: object) -> None:
        self._send()
        if self._unwritten:
            log.warning("%d lines could not be written to %s", self._unwritten.count(b"\n"), self._file)
        if self._place and self._file and storage.is_url(self._place):
            self._file.unlink(missing_ok=True)
