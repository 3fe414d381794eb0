"""Jobs here are module functions: fresh processes import them by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from limelight.dataset.workers import Report, run_jobs
from limelight.errors import InputError, Interrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills a process by a signal")


def twice(job: int, report: Report) -> int:
    report(0.5)
    if job == 13:
        raise InputError("unlucky")
    report(1.0)
    return 2 * job


def deadly(job: Path, report: Report) -> str:
    if job.name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return job.name


def endless(job: Path, report: Report) -> None:
    (job / str(os.getpid())).touch()
    while True:
        report(0.0)
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_failures_and_reports_come_back(workers: int) -> None:
    seen: dict[int, float] = {}
    jobs = [1, 13, 3, 4]
    outcomes = {one.number: one for one in run_jobs(twice, jobs, workers=workers, watch=seen.__setitem__)}
    assert {number: one.result for number, one in outcomes.items()} == {0: 2, 1: None, 2: 6, 3: 8}
    assert (outcomes[1].code, outcomes[1].message) == ("E_INPUT", "unlucky")
    assert [one.failed for _, one in sorted(outcomes.items())] == [False, True, False, False]
    assert seen.get(0, 0.5) >= 0.5


def test_a_worker_that_dies_takes_nobody_with_it() -> None:
    jobs = [Path("a"), Path("deadly"), Path("b"), Path("c")]
    outcomes = {jobs[one.number].name: one for one in run_jobs(deadly, jobs, workers=2)}
    assert {name for name, one in outcomes.items() if one.result == name} == {"a", "b", "c"}
    assert "died" in outcomes["deadly"].message


def test_a_stop_stops_everybody(tmp_path: Path) -> None:
    running = run_jobs(endless, [tmp_path, tmp_path], workers=2, watch=_interrupt)
    with pytest.raises(Interrupted):
        next(running)
    for name in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(name.name), 0)


def _interrupt(number: int, done: float) -> None:
    raise Interrupted("enough")
