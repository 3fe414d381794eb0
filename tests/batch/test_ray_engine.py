"""The engine of a Ray cluster, on a real one: a head and two workers as processes of this machine."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from batch.conftest import STORE_BYTES
from batch.small_jobs import blas_threads, deadly, deaf, endless, marked, twice, with_model

from limelight.batch import ray_engine
from limelight.batch.engine import Resources
from limelight.batch.queue import Queue, run_jobs
from limelight.batch.ray_engine import RayEngine
from limelight.errors import InputError

pytestmark = pytest.mark.batch


def test_results_failures_and_reports_come_back(engine) -> None:
    seen: dict[int, float] = {}
    outcomes = {one.number: one for one in run_jobs(twice, [1, 13, 3, 17], engine=engine, watch=seen.__setitem__)}
    assert {number: one.result for number, one in outcomes.items()} == {0: 2, 1: None, 2: 6, 3: None}
    assert (outcomes[1].code, outcomes[1].message) == ("E_INPUT", "unlucky")
    assert outcomes[3].code == "E_INTERNAL"
    assert {one.result for one in run_jobs(blas_threads, [1], engine=engine)} == {"1"}  # and an engine is used again


def test_a_process_that_dies_takes_nobody_with_it(engine, tmp_path: Path) -> None:
    jobs = [tmp_path / name for name in ("a", "always", "b", "once", "c")]
    outcomes = {jobs[one.number].name: one for one in run_jobs(deadly, jobs, engine=engine)}
    assert {name for name, one in outcomes.items() if one.result == name} == {"a", "b", "c", "once"}
    assert outcomes["always"].code == "E_WORKER"
    assert "tried 3 times" in outcomes["always"].message
    assert Counter((tmp_path / "begun").read_text().split()) == {"a": 1, "b": 1, "c": 1, "once": 2, "always": 3}


def test_what_a_job_loads_stays_loaded(engine) -> None:
    pids = [one.result for one in run_jobs(with_model, [0.3] * 8, engine=engine)]
    assert 1 <= len(set(pids)) <= 2  # workers, not jobs


def test_jobs_are_stopped_in_an_orderly_way(engine, tmp_path: Path) -> None:
    with Queue(engine, endless) as queue:
        numbers = [queue.submit(tmp_path) for _ in range(3)]
        while len(list(tmp_path.iterdir())) < 2:
            queue.step()
        for number in numbers:
            assert queue.cancel(number)
        while queue.unfinished:
            queue.step()
        assert {queue.status(number).state for number in numbers} == {"cancelled"}
    waited = time.monotonic() + 20  # a worker that was asked to stop may still be at it
    while len(list(tmp_path.glob("*cleaned up"))) < 2 and time.monotonic() < waited:
        time.sleep(0.1)
    assert len(list(tmp_path.glob("*cleaned up"))) >= 2


def test_a_job_that_does_not_listen_is_killed(engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "GRACE_SECONDS", 0.5)
    with Queue(engine, deaf) as queue:
        number = queue.submit(tmp_path)
        while not list(tmp_path.iterdir()):
            queue.step()
        queue.cancel(number)
        while queue.unfinished:
            queue.step()
        assert queue.status(number).state == "cancelled"


def test_what_died_with_its_node_is_done_elsewhere(cluster, engine, tmp_path: Path) -> None:
    extra = cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    engine.forget_nodes()
    with Queue(engine, marked) as queue:
        assert engine.slots(Resources()) == 3
        numbers = [queue.submit(tmp_path) for _ in range(4)]
        while len(list(tmp_path.iterdir())) < 3:  # each node has room for one
            queue.step()
        cluster.remove_node(extra, allow_graceful=False)
        while queue.unfinished:
            queue.step()
        statuses = [queue.status(number) for number in numbers]
        assert {status.state for status in statuses} == {"done"}
        assert sorted(status.attempts for status in statuses) == [1, 1, 1, 2]


def test_another_version_on_a_node_says_so(engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limelight.__version__", "0.0.0")
    (outcome,) = run_jobs(twice, [1], engine=engine)
    assert outcome.code == "E_MODEL"
    assert "the driver 0.0.0" in outcome.message


def test_jobs_that_no_node_has_room_for_are_counted(engine) -> None:
    assert engine.slots(Resources(gpus=0.5)) == 0
    ends = time.monotonic() + 60  # Ray takes its time to see that a node of another test is gone
    while engine.slots(Resources(cpus=0.25)) != 8:
        assert time.monotonic() < ends, "2 nodes of 1 processor have room for 8 quarters"
        engine.forget_nodes()
        time.sleep(0.2)


def test_no_cluster_is_said_in_one_line() -> None:
    pytest.importorskip("ray")
    with pytest.raises(InputError, match="ray start --head"):
        list(run_jobs(twice, [1], engine=RayEngine("127.0.0.1:1")))


def test_a_share_of_a_gpu_puts_two_workers_on_one_and_they_stay(cluster, engine) -> None:
    """There is none here; Ray hands out what a node says that it has."""
    extra = cluster.add_node(num_cpus=4, num_gpus=1, object_store_memory=STORE_BYTES)
    engine.forget_nodes()
    share = Resources(gpus=0.5)
    assert engine.slots(share) == 2
    pids = [one.result for one in run_jobs(with_model, [0.5] * 6, engine=engine, resources=share)]
    assert len(set(pids)) == 2
    cluster.remove_node(extra)
    engine.forget_nodes()
