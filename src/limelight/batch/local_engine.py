"""The engine of this machine's own processes.

A worker is a fresh process ("spawn", the same on all systems) with a pipe of its own, so that it is known whose job
died. It serves many jobs, one after the other: what a job loads once per process stays loaded. A worker whose parent is
gone leaves.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

from limelight.batch.engine import (
    GRACE_SECONDS,
    Died,
    Event,
    JobOutcome,
    Progressed,
    Resources,
    Work,
    outcome_of,
)
from limelight.errors import Interrupted
from limelight.runtime import keep_heap_small

DYING_SECONDS = 1.0  # for a worker that has closed its pipe
REPORT_SECONDS = 0.2  # between two reports of a job


class LocalEngine:
    """Processes of this machine, one job each at a time."""

    def __init__(self, workers: int | None = None) -> None:
        """workers: default one a core. They are started when there is work for them."""
        self._most = workers or os.cpu_count() or 1
        self._workers: list[_Worker] = []
        self._waiting: deque[tuple[int, Work[Any, Any], Any]] = deque()
        self._events: list[Event] = []

    def slots(self, resources: Resources) -> int:
        return self._most

    def submit(self, number: int, work: Work[Any, Any], job: Any, resources: Resources) -> None:
        self._waiting.append((number, work, job))
        self._hand_out()

    def wait(self, timeout_seconds: float) -> list[Event]:
        busy = [worker for worker in self._workers if worker.number is not None]
        if busy and not self._events:
            wait([thing for worker in busy for thing in (worker.pipe, worker.process.sentinel)], timeout_seconds)
        for worker in busy:
            self._events += worker.events()
        # One that died since it was asked still owes the news of its job.
        self._workers = [worker for worker in self._workers if worker.alive() or worker.number is not None]
        self._hand_out()
        happened, self._events = self._events, []
        return happened

    def cancel(self, number: int) -> None:
        for waiting in [one for one in self._waiting if one[0] == number]:
            self._waiting.remove(waiting)
            self._events.append(JobOutcome(number, None, Interrupted.code, "cancelled before it began"))
        for worker in self._workers:
            if worker.number == number:
                worker.stop()

    def close(self) -> None:
        self._waiting.clear()
        for worker in self._workers:
            worker.leave()
        ends = time.monotonic() + GRACE_SECONDS
        for worker in self._workers:
            worker.end(max(0.0, ends - time.monotonic()))
        self._workers = []

    def _hand_out(self) -> None:
        while self._waiting and (worker := self._idle()):
            number, work, job = self._waiting.popleft()
            worker.begin(number, work, job)
            self._events.append(Progressed(number, 0.0))

    def _idle(self) -> _Worker | None:
        idle = next((worker for worker in self._workers if worker.number is None), None)
        if idle is None and len(self._workers) < self._most:
            idle = _Worker()
            self._workers.append(idle)
        return idle


class _Worker:
    """One process, as its parent sees it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _without_ctrl_c():
            self.process.start()
        theirs.close()
        self.number: int | None = None
        self._stop_by: float | None = None

    def begin(self, number: int, work: Work[Any, Any], job: Any) -> None:
        self.number, self._stop_by = number, None
        with suppress(OSError):  # it died while it was idle: told as the death of this job, which is done again
            self.pipe.send((work, number, job))

    def events(self) -> list[Event]:
        found: list[Event] = []
        try:
            while self.number is not None and self.pipe.poll():
                event = self.pipe.recv()
                found.append(event)
                if not isinstance(event, Progressed):
                    self.number = None
        except (EOFError, OSError):  # it is gone, or hangs on its way out and will answer no more
            self.process.join(DYING_SECONDS)
            if self.alive():
                self.process.kill()
                self.process.join()
        if self._stop_by is not None and time.monotonic() > self._stop_by and self.alive():
            self.process.kill()
            self.process.join()
        if self.number is not None and not self.alive():
            found.append(self._death(self.number))
            self.number = None
        return found

    def _death(self, number: int) -> Died:
        code = self.process.exitcode
        said = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return Died(number, f"the process that worked on it died ({said}: out of memory, or a decoder's crash)")

    def alive(self) -> bool:
        return self.process.is_alive()

    def stop(self) -> None:
        self._stop_by = time.monotonic() + GRACE_SECONDS
        with suppress(OSError):
            self.pipe.send(_STOP)

    def leave(self) -> None:
        with suppress(OSError):
            self.pipe.send(_STOP)
            self.pipe.send(None)

    def end(self, grace_seconds: float) -> None:
        self.process.join(grace_seconds)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()
        self.process.close()


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """What is started here holds Ctrl-C back until it says what it makes of it; else it would die while it imports."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else the first start would start it, and that lets Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ---- inside a worker ----

_STOP = "stop"


def _serve(pipe: Connection) -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded, as the command line does
    keep_heap_small()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says what is to be done
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, _leave_cleanly)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while (asked := pipe.recv()) is not None:
            if asked != _STOP:  # that came too late for its job
                pipe.send(_served(pipe, *asked))


def _served(pipe: Connection, work: Work[Any, Any], number: int, job: Any) -> Event:
    lock, last, stopped = threading.Lock(), 0.0, False

    def report(done: float) -> None:
        """From any thread of the job."""
        nonlocal last, stopped
        with lock:
            if not stopped and pipe.poll():
                stopped = pipe.recv() == _STOP
            if stopped:
                raise Interrupted("stopped")
            if time.monotonic() - last >= REPORT_SECONDS:
                last = time.monotonic()
                pipe.send(Progressed(number, done))

    try:
        return outcome_of(work, number, job, report)
    except Interrupted as error:
        return JobOutcome(number, None, error.code, str(error))
    except MemoryError:
        return Died(number, "there was not enough memory for it", for_memory=True)


def _leave_cleanly(number: int, frame: object) -> NoReturn:
    """On SIGTERM, which a whole group may get: what a job has begun is cleaned up on the way out, and told as a death."""
    raise SystemExit(128 + number)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
