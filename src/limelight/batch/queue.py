"""A queue of jobs in front of an engine: submit, watch, cancel.

    queue = Queue(LocalEngine(2), do_film)
    number = queue.submit(task)              from any thread
    queue.start(on_change=print)             a thread of its own; or call `step` yourself
    queue.status(number)                     waiting → running → done | failed | cancelled
    queue.cancel(number)
    queue.close()                            what runs is stopped, nothing is left half-written

Back-pressure: an engine is given no more than twice what it can run at once, so that neither a cluster nor this process
holds what is far from its turn. A job whose process or machine died is done again, `attempts` times in all; where it died
for memory, twice the memory is asked for. An error of ours is an answer, and is not tried again.

`run_jobs` is the queue for who has all jobs at hand: outcomes as they come, jobs taken from an iterator as there is room,
so that the memory of this process does not grow with their number.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal

from limelight.batch.engine import (
    WORKER_DIED,
    Died,
    Engine,
    Event,
    Job,
    JobOutcome,
    Progressed,
    Resources,
    Result,
    Work,
    outcome_of,
)
from limelight.batch.local_engine import LocalEngine
from limelight.errors import InputError, Interrupted

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ATTEMPTS = 3
STEP_SECONDS = 0.2
AHEAD = 2  # jobs at the engine, times what it can run at once
Watch = Callable[[int, float], None]  # which job, how much of it


@dataclass(frozen=True)
class Status(Generic[Result]):
    """Where a job stands."""

    number: int
    state: State = "waiting"
    done: float = 0.0  # how much of it, in its own unit
    attempts: int = 0  # how often it was given to the engine
    seconds: float = 0.0  # since it was begun, or that it took
    outcome: JobOutcome[Result] | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass
class _Entry(Generic[Job]):
    """A job that is not over."""

    job: Job
    resources: Resources
    attempts: int = 0
    began: float = field(default_factory=time.monotonic)
    cancelled: bool = False


class Queue(Generic[Job, Result]):
    """Jobs of one kind on their way through an engine."""

    def __init__(
        self,
        engine: Engine,
        work: Work[Job, Result],
        *,
        resources: Resources | None = None,
        attempts: int = ATTEMPTS,
        keep_finished: bool = True,
    ) -> None:
        """resources: of a job that is submitted without its own. keep_finished: `status` also answers for what is over."""
        self._engine, self._work, self._attempts, self._keep = engine, work, attempts, keep_finished
        self._resources = resources or Resources()
        self._entries: dict[int, _Entry[Job]] = {}  # those that are not over
        self._statuses: dict[int, Status[Result]] = {}
        self._waiting: deque[int] = deque()
        self._at_engine: set[int] = set()
        self._to_cancel: deque[int] = deque()
        self._next = 0
        self._lock, self._wake, self._closing = threading.Lock(), threading.Event(), False
        self._thread: threading.Thread | None = None

    # ---- from any thread ----

    def submit(self, job: Job, *, resources: Resources | None = None) -> int:
        """Puts a job at the end of the queue; its number."""
        with self._lock:
            number = self._next
            self._next += 1
            self._entries[number] = _Entry(job, resources or self._resources)
            self._statuses[number] = Status(number)
            self._waiting.append(number)
        self._wake.set()
        return number

    def cancel(self, number: int) -> bool:
        """Stops a job, soon; False where it is over already. Raises InputError for a number that was never given."""
        if self.status(number).over:
            return False
        self._to_cancel.append(number)
        self._wake.set()
        return True

    def status(self, number: int) -> Status[Result]:
        """Raises InputError for a number that was never given, or is not kept any more."""
        status = self._statuses.get(number)
        if status is None:
            raise InputError(
                f"wanted the job {number}, there is no such job in this queue; ask for one of `statuses()`"
            )
        return status

    def statuses(self) -> list[Status[Result]]:
        """All that are known, in the order in which they were submitted."""
        with self._lock:
            return [self._statuses[number] for number in sorted(self._statuses)]

    @property
    def unfinished(self) -> int:
        """Jobs that wait or run."""
        return len(self._entries)

    def room(self) -> int:
        """How many more jobs the engine would take now."""
        return AHEAD * max(1, self._engine.slots(self._resources)) - len(self._entries)

    def start(self, on_change: Callable[[Status[Result]], None] | None = None) -> None:
        """Works in a thread of its own until `close`; `on_change` is called there for every change."""

        def steps() -> None:
            try:
                while not self._closing:
                    for status in self.step():
                        if on_change:
                            on_change(status)
            finally:
                self._engine.close()

        self._thread = threading.Thread(target=steps, name="limelight-queue", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops what runs, in an orderly way, and the engine."""
        self._closing = True
        self._wake.set()
        if self._thread:
            self._thread.join()
        else:
            self._engine.close()

    def __enter__(self) -> Queue[Job, Result]:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # ---- from one thread: that of `start`, or the caller's ----

    def step(self, timeout_seconds: float = STEP_SECONDS) -> list[Status[Result]]:
        """Hands jobs out, waits a little, and tells what has changed."""
        changed = list(self._cancelled())
        self._hand_out()
        if self._at_engine:
            for event in self._engine.wait(timeout_seconds):
                changed += self._take(event)
        elif not self._waiting:
            self._wake.wait(timeout_seconds)
            self._wake.clear()
        return changed

    def _hand_out(self) -> None:
        while self._waiting:
            number = self._waiting[0]
            entry = self._entries[number]
            if len(self._at_engine) >= AHEAD * max(1, self._engine.slots(entry.resources)):
                return
            self._waiting.popleft()
            self._at_engine.add(number)
            entry.attempts, entry.began = entry.attempts + 1, time.monotonic()
            self._engine.submit(number, self._work, entry.job, entry.resources)

    def _cancelled(self) -> Iterator[Status[Result]]:
        while self._to_cancel:
            number = self._to_cancel.popleft()
            entry = self._entries.get(number)
            if entry is None:
                continue
            entry.cancelled = True
            if number in self._at_engine:
                self._engine.cancel(number)
            else:
                with suppress(ValueError):
                    self._waiting.remove(number)
                yield self._end(JobOutcome(number, None, Interrupted.code, "cancelled before it began"))

    def _take(self, event: Event) -> Iterator[Status[Result]]:
        entry = self._entries.get(event.number)
        if entry is None:  # a late report of a job that is over
            return
        if isinstance(event, Progressed):
            yield self._progressed(entry, event)
            return
        self._at_engine.discard(event.number)
        if isinstance(event, JobOutcome):
            yield self._end(event)
        elif entry.cancelled:
            yield self._end(JobOutcome(event.number, None, Interrupted.code, "cancelled"))
        elif entry.attempts >= self._attempts:
            tried = f"{event.cause}; tried {entry.attempts} times" if entry.attempts > 1 else event.cause
            yield self._end(JobOutcome(event.number, None, WORKER_DIED, tried))
        else:
            yield self._again(entry, event)

    def _progressed(self, entry: _Entry[Job], event: Progressed) -> Status[Result]:
        before = self._statuses[event.number]
        if before.state == "waiting":
            entry.began = time.monotonic()
        done = max(before.done, event.done) if before.state == "running" else event.done
        seconds = time.monotonic() - entry.began
        status = replace(before, state="running", done=done, attempts=entry.attempts, seconds=seconds)
        self._statuses[event.number] = status
        return status

    def _again(self, entry: _Entry[Job], death: Died) -> Status[Result]:
        """At the head of the queue: it was its turn."""
        if death.for_memory:
            entry.resources = entry.resources.with_more_memory()
        status = replace(self._statuses[death.number], state="waiting", done=0.0, attempts=entry.attempts)
        self._statuses[death.number] = status
        self._waiting.appendleft(death.number)
        return status

    def _end(self, outcome: JobOutcome[Result]) -> Status[Result]:
        entry = self._entries[outcome.number]
        stopped = outcome.code == Interrupted.code
        state: State = "cancelled" if stopped else "failed" if outcome.failed else "done"
        seconds = time.monotonic() - entry.began if entry.attempts else 0.0
        status = replace(
            self._statuses[outcome.number], state=state, attempts=entry.attempts, seconds=seconds, outcome=outcome
        )
        with self._lock:
            del self._entries[outcome.number]
            if self._keep:
                self._statuses[outcome.number] = status
            else:
                del self._statuses[outcome.number]
        return status


def run_jobs(
    work: Work[Job, Result],
    jobs: Iterable[Job],
    *,
    engine: Engine | None = None,
    workers: int = 1,
    resources: Resources | None = None,
    watch: Watch | None = None,
) -> Iterator[JobOutcome[Result]]:
    """Outcomes as they come, in any order, with the jobs' numbers in theirs. `work` must be a module's function.

    engine: closed when the iterator ends; None: `workers` processes here, or for one worker this very process.
    """
    watch = watch or (lambda number, done: None)
    if engine is None and workers <= 1:
        for number, job in enumerate(jobs):
            yield outcome_of(work, number, job, lambda done, number=number: watch(number, done))  # type: ignore[misc]
        return
    coming = iter(jobs)
    with Queue(engine or LocalEngine(workers), work, resources=resources, keep_finished=False) as queue:
        while _fill(queue, coming) or queue.unfinished:
            for status in queue.step():
                if status.outcome is not None:
                    yield status.outcome
                elif status.state == "running":
                    watch(status.number, status.done)


def _fill(queue: Queue[Job, Any], jobs: Iterator[Job]) -> bool:
    """Takes jobs while there is room; whether any was taken."""
    taken = False
    for _ in range(queue.room()):
        for job in jobs:
            queue.submit(job)
            taken = True
            break
    return taken
