"""Jobs on several cores: each survives the others, progress comes back, a stop stops everybody.

    parent ── jobs ──► workers (fresh processes: "spawn", the same on all systems)
       ◄── reports, results, or an error of ours as a plain record
       ── stop ──► noticed at the next report

A worker whose parent is gone leaves. If a worker dies (a decoder may crash it), the jobs that were lost with it are done
again one at a time, and only the one that kills again is given up.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from limelight.errors import Interrupted, LimelightError

Job = TypeVar("Job")
Result = TypeVar("Result")
Report = Callable[[float], None]  # how much of a job is done, in its own unit
Watch = Callable[[int, float], None]  # which job, how much of it


@dataclass(frozen=True)
class JobOutcome(Generic[Result]):
    """What came of a job: a result, or why there is none."""

    number: int
    result: Result | None = None
    code: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.code)


def run_jobs(
    work: Callable[[Job, Report], Result], jobs: Sequence[Job], *, workers: int, watch: Watch | None = None
) -> Iterator[JobOutcome[Result]]:
    """Outcomes as they come, in any order. `work` must be a module's function, jobs and results plain records."""
    watch = watch or (lambda number, done: None)
    if workers <= 1:
        for number, job in enumerate(jobs):
            yield _outcome(work, number, job, lambda done, number=number: watch(number, done))  # type: ignore[misc]
        return
    lost = []
    for outcome in _pooled(work, list(enumerate(jobs)), workers, watch):
        if outcome.code == _DIED:
            lost.append((outcome.number, jobs[outcome.number]))
        else:
            yield outcome
    for one in lost:
        yield from _pooled(work, [one], 1, watch)


_DIED = "E_WORKER"


def _outcome(work: Callable[[Job, Report], Result], number: int, job: Job, report: Report) -> JobOutcome[Result]:
    try:
        return JobOutcome(number, work(job, report))
    except Interrupted:
        raise
    except LimelightError as error:
        return JobOutcome(number, None, error.code, str(error))


def _pooled(
    work: Callable[[Job, Report], Result], jobs: Sequence[tuple[int, Job]], workers: int, watch: Watch
) -> Iterator[JobOutcome[Result]]:
    context = multiprocessing.get_context("spawn")
    reports, stop = context.Queue(), context.Event()
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(reports, stop))
    try:
        futures = {pool.submit(_in_worker, work, number, job): number for number, job in jobs}
        pending: set[Future[JobOutcome[Result]]] = set(futures)
        while pending:
            done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            _pass_on(reports, watch)
            for future in done:
                yield _result(future, futures[future])
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        reports.close()


def _result(future: Future[JobOutcome[Result]], number: int) -> JobOutcome[Result]:
    try:
        return future.result()
    except BrokenProcessPool:
        return JobOutcome(
            number, None, _DIED, "the process that worked on it died (out of memory, or a decoder's crash)"
        )


def _pass_on(reports: Any, watch: Watch) -> None:
    while True:
        try:
            watch(*reports.get_nowait())
        except queue.Empty:
            return


# ---- inside a worker ----

_reports: Any = None
_stop: Any = None


def _begin(reports: Any, stop: Any) -> None:
    global _reports, _stop
    _reports, _stop = reports, stop
    reports.cancel_join_thread()  # what nobody reads any more keeps nobody waiting
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says what is to be done
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_worker(work: Callable[[Job, Report], Result], number: int, job: Job) -> JobOutcome[Result]:
    def report(done: float) -> None:
        if _stop.is_set():
            raise Interrupted("stopped")
        _reports.put((number, done))

    return _outcome(work, number, job, report)
