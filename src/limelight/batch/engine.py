"""Where jobs run: the seam that every engine fills.

    queue ── submit ──► engine ──► workers: processes here (local_engine), or tasks on a cluster (ray_engine)
      ▲                   │
      └── wait: Progressed, JobOutcome, Died ◄┘          a job is a plain record: paths and settings, never films

Each job survives the others. An error of ours comes back as a plain record. A worker that dies (killed, out of memory, a
decoder's crash) takes its own job with it and no other; whether that one is done again is the queue's affair.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from limelight.errors import Interrupted, LimelightError

Job = TypeVar("Job")
Result = TypeVar("Result")
Report = Callable[[float], None]  # how much of a job is done, in its own unit
Work = Callable[[Job, Report], Result]  # a module's function; its job and result are plain records

WORKER_DIED, INTERNAL = "E_WORKER", "E_INTERNAL"
GRACE_SECONDS = 10.0  # for a job that is stopped to clean up


@dataclass(frozen=True)
class Resources:
    """What one job needs. An engine starts it where that much is free."""

    cpus: float = 1.0
    gpus: float = 0.0  # a share: several jobs may share one
    memory_bytes: int = 0  # 0: not declared

    def __str__(self) -> str:
        """As it is said to people."""
        return f"{self.cpus:g} processors, {self.gpus:g} GPUs and {self.memory_bytes / 1e9:.1f} GB"

    def with_more_memory(self) -> Resources:
        """For another try after a death for memory."""
        return replace(self, memory_bytes=2 * self.memory_bytes)


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


@dataclass(frozen=True)
class Progressed:
    """How far a job is, in its own unit; 0 when it begins."""

    number: int
    done: float


@dataclass(frozen=True)
class Died:
    """The process that worked on a job is gone, or its machine is."""

    number: int
    cause: str
    for_memory: bool = False


Event = JobOutcome[Any] | Progressed | Died


class Engine(Protocol):
    """Runs jobs. All calls come from one thread."""

    def slots(self, resources: Resources) -> int:
        """How many such jobs can run at once now; a cluster grows and shrinks."""
        ...

    def submit(self, number: int, work: Work[Any, Any], job: Any, resources: Resources) -> None:
        """Takes a job; its number is the caller's, and free again after its outcome or death."""
        ...

    def wait(self, timeout_seconds: float) -> list[Event]:
        """What has happened since, or happens within the time. A job's outcome or death is its last event."""
        ...

    def cancel(self, number: int) -> None:
        """Stops a job in an orderly way, in the end by force; its outcome (E_INTERRUPTED) or death still comes."""
        ...

    def close(self) -> None:
        """Stops all jobs and gives everything back."""
        ...


def outcome_of(work: Work[Job, Result], number: int, job: Job, report: Report) -> JobOutcome[Result]:
    """Does a job; what goes wrong with it is its own affair. Raises Interrupted, and MemoryError."""
    try:
        return JobOutcome(number, work(job, report))
    except (Interrupted, MemoryError):
        raise
    except LimelightError as error:
        return JobOutcome(number, None, error.code, str(error))
    except OSError as error:
        return JobOutcome(
            number, None, "E_INPUT", f"the system refused: {error}; check the path, its rights and the disk"
        )
    except Exception as error:  # noqa: BLE001 - a bug that one job in ten thousand meets must not end the others
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(last.filename)}:{last.lineno}"
        return JobOutcome(
            number, None, INTERNAL, f"a bug of ours ({type(error).__name__} at {place}: {error}); please report it"
        )


def engine_of(ray: str | None, workers: int | None) -> Engine:
    """The engine that the flags ask for: `--ray ADDRESS`, or so many processes here."""
    if ray is None:
        from limelight.batch.local_engine import LocalEngine

        return LocalEngine(workers)
    from limelight.batch.ray_engine import RayEngine

    return RayEngine(ray)
