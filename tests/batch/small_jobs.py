"""Jobs for engines: module functions, so that fresh processes and other machines import them by name."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from limelight.batch.engine import Report
from limelight.errors import InputError


def twice(job: int, report: Report) -> int:
    report(0.5)
    if job == 13:
        raise InputError("unlucky")
    if job == 17:
        raise KeyError("a bug")
    report(1.0)
    return 2 * job


def deadly(job: Path, report: Report) -> str:
    """Leaves a mark for each time that it is begun; kills its process where it is called so."""
    with (job.parent / "begun").open("a") as file:
        file.write(f"{job.name}\n")
    if job.name == "always" or (job.name == "once" and not job.exists()):
        job.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job.name


def endless(job: Path, report: Report) -> None:
    report(0.0)  # Ray drops an interrupt that comes while its own code sends a report
    (job / str(os.getpid())).touch()
    try:
        while True:
            report(0.0)
            time.sleep(0.01)
    finally:
        (job / f"{os.getpid()} cleaned up").touch()


def hangs_at_the_end(job: Path, report: Report) -> None:
    """Its answer cannot be sent, and a thread keeps the process."""
    (job / str(os.getpid())).touch()
    for thing in gc.get_objects():
        if isinstance(thing, Connection) and not thing.closed:
            thing.close()
    time.sleep(600)


def deaf(job: Path, report: Report) -> None:
    """Neither reports nor takes a KeyboardInterrupt, so that it cannot be stopped in an orderly way."""
    (job / str(os.getpid())).touch()
    ends = time.monotonic() + 600
    while time.monotonic() < ends:
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(600)


def brief(job: tuple[Path, int, float], report: Report) -> int:
    """A file of its number; some time, in which it reports."""
    folder, number, seconds = job
    ends = time.monotonic() + seconds
    report(0.0)
    while time.monotonic() < ends:
        time.sleep(0.005)
        report(0.5)
    (folder / str(number)).touch()
    return number


@functools.cache
def model() -> int:
    return os.getpid()


def with_model(job: float, report: Report) -> int:
    time.sleep(job)
    return model()


def nothing(job: int, report: Report) -> int:
    return job


def marked(job: Path, report: Report) -> int:
    """Says that it has begun, and takes its time."""
    (job / str(time.time_ns())).touch()
    time.sleep(4)
    return os.getpid()


def hungry(job: tuple[Path, int], report: Report) -> int:
    """Takes so many bytes, and keeps them for a while, the first time that it is tried."""
    mark, size = job
    tried = len(list(mark.parent.glob(f"{mark.name}.*")))
    mark.with_name(f"{mark.name}.{tried}").touch()
    if tried == 0:
        held = [np.ones(2**20, np.float64) for _ in range(size // 2**23)]
        time.sleep(60)
        return len(held)
    return tried


def blas_threads(job: int, report: Report) -> str:
    return os.environ.get("OPENBLAS_NUM_THREADS", "")
