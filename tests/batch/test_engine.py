"""The local engine: what a job does to its own process is no affair of the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from batch.killing import faults_of_kills, killed_now
from batch.small_jobs import brief, deadly, deaf, endless, hangs_at_the_end, twice, with_model

from limelight.batch import local_engine as engines
from limelight.batch.local_engine import LocalEngine
from limelight.batch.queue import Queue, run_jobs
from limelight.errors import InputError, Interrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills a process by a signal")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_failures_and_reports_come_back(workers: int) -> None:
    seen: dict[int, float] = {}
    outcomes = {one.number: one for one in run_jobs(twice, [1, 13, 3, 17], workers=workers, watch=seen.__setitem__)}
    assert {number: one.result for number, one in outcomes.items()} == {0: 2, 1: None, 2: 6, 3: None}
    assert (outcomes[1].code, outcomes[1].message) == ("E_INPUT", "unlucky")
    assert outcomes[3].code == "E_INTERNAL"
    assert "KeyError at small_jobs.py" in outcomes[3].message
    assert [one.failed for _, one in sorted(outcomes.items())] == [False, True, False, True]


def test_a_worker_that_dies_takes_nobody_with_it(tmp_path: Path) -> None:
    jobs = [tmp_path / name for name in ("a", "always", "b", "once", "c")]
    outcomes = {jobs[one.number].name: one for one in run_jobs(deadly, jobs, workers=2)}
    assert {name for name, one in outcomes.items() if one.result == name} == {"a", "b", "c", "once"}
    assert outcomes["always"].code == "E_WORKER"
    assert "signal 9" in outcomes["always"].message
    assert Counter((tmp_path / "begun").read_text().split()) == {"a": 1, "b": 1, "c": 1, "once": 2, "always": 3}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_workers_killed_at_any_moment_lose_no_job(tmp_path: Path, seed: int) -> None:
    """In small; `stress/run.py --only batch_kills` does it fifty times."""
    assert faults_of_kills(tmp_path, kills=4, seed=seed) == []


def test_who_has_ended_by_itself_is_not_killed() -> None:
    worker = subprocess.Popen([sys.executable, "-c", ""])
    worker.wait()
    assert not killed_now(worker.pid, signal.SIGKILL)


def test_a_worker_that_hangs_on_its_way_out_is_a_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "DYING_SECONDS", 0.1)
    (outcome,) = run_jobs(hangs_at_the_end, [tmp_path], engine=LocalEngine(1))
    assert outcome.code == "E_WORKER"
    assert len(list(tmp_path.iterdir())) == 3  # tries


def test_a_worker_that_is_told_to_end_cleans_up(tmp_path: Path) -> None:
    """As by a service manager, which tells the whole group."""
    with Queue(LocalEngine(1), endless) as queue:
        queue.submit(tmp_path)
        while not list(tmp_path.iterdir()):
            queue.step()
        pid = int(next(tmp_path.iterdir()).name)
        os.kill(pid, signal.SIGTERM)
        while (tmp_path / f"{pid} cleaned up") not in tmp_path.iterdir():
            queue.step()
        assert queue.unfinished == 1  # it is done again


def test_ctrl_c_does_not_end_a_worker_that_is_starting(tmp_path: Path) -> None:
    """It reaches the whole group; the parent says what is to be done, and here it says nothing."""
    with Queue(LocalEngine(1), brief) as queue:
        queue.submit((tmp_path, 7, 0.0))
        queue.step(0.0)
        (worker,) = queue._engine._workers
        for _ in range(20):
            os.kill(worker.process.pid, signal.SIGINT)
            time.sleep(0.01)
        statuses = []
        while queue.unfinished:
            statuses += queue.step()
    assert (statuses[-1].state, statuses[-1].attempts) == ("done", 1)


def test_a_stop_stops_everybody(tmp_path: Path) -> None:
    def interrupt(number: int, done: float) -> None:
        if len(list(tmp_path.iterdir())) == 2:
            raise Interrupted("enough")

    with pytest.raises(Interrupted, match="enough"):
        list(run_jobs(endless, [tmp_path, tmp_path], workers=2, watch=interrupt))
    pids = [path.name for path in tmp_path.iterdir() if path.name.isdigit()]
    assert len(pids) == 2
    for pid in pids:
        assert (tmp_path / f"{pid} cleaned up").exists()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_a_job_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "GRACE_SECONDS", 0.3)
    with Queue(LocalEngine(1), deaf) as queue:
        number = queue.submit(tmp_path)
        while not list(tmp_path.iterdir()):
            queue.step()
        assert queue.cancel(number)
        while not queue.status(number).over:
            queue.step()
        assert queue.status(number).state == "cancelled"
        assert queue.status(number).attempts == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(next(tmp_path.iterdir()).name), 0)


def test_what_a_job_loads_stays_loaded() -> None:
    pids = [one.result for one in run_jobs(with_model, [0.2] * 6, workers=2)]
    assert 1 <= len(set(pids)) <= 2  # workers, not jobs
    assert os.getpid() not in pids


def test_the_queue_tells_of_every_job_and_cancels_what_waits_or_runs(tmp_path: Path) -> None:
    seen: list[tuple[int, str]] = []
    queue: Queue[Path, None] = Queue(LocalEngine(1), endless)
    queue.start(on_change=lambda status: seen.append((status.number, status.state)))
    first, second, third = (queue.submit(tmp_path) for _ in range(3))
    _until(lambda: (first, "running") in seen)
    assert [status.state for status in queue.statuses()] == ["running", "waiting", "waiting"]
    assert queue.cancel(third)
    assert queue.cancel(first)
    _until(lambda: (second, "running") in seen)
    assert queue.status(first).state == queue.status(third).state == "cancelled"
    assert not queue.cancel(first)
    with pytest.raises(InputError, match="no such job"):
        queue.status(7)
    queue.close()
    pids = {path.name for path in tmp_path.iterdir() if path.name.isdigit()}
    assert pids
    assert {f"{pid} cleaned up" for pid in pids} <= {path.name for path in tmp_path.iterdir()}


def test_jobs_are_taken_as_there_is_room() -> None:
    taken = 0

    def jobs():
        nonlocal taken
        for number in range(50):
            taken += 1
            yield number

    running = run_jobs(twice, jobs(), workers=2)
    next(running)
    assert taken <= 6
    assert sum(1 for _ in running) == 49


def _until(true) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends, "nothing happened"
        time.sleep(0.02)
