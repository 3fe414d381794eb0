"""Films on a cluster where everything dies: nodes, workers, the driver, and what takes too much memory.

Each trial is a whole batch on a real Ray cluster of this machine (a head and workers as processes of their own). However
it went, in the end each film must be there once, with the bytes that one process alone writes, and nothing else.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.append(str(Path(__file__).resolve().parent.parent / "bench"))

import psutil
from batch.invented_films import SETTINGS, make_films
from batch.killing import faults_of_kills
from batch.small_jobs import hungry
from tally import Tally

from limelight.batch.engine import Resources
from limelight.batch.films import do_film
from limelight.batch.inputs import Inputs
from limelight.batch.queue import Queue
from limelight.batch.ray_engine import RayEngine
from limelight.batch.settings import FilmSettings, digest

FILMS, TRIALS, KILL_TRIALS = 12, 6, 50
NODE_TRIES = 5
STORE_BYTES = 80_000_000
MEGABYTE = 2**20
ALLOWANCE_BYTES = 1_500 * MEGABYTE  # of memory above what is used when the cluster starts
COMMAND = [sys.executable, "-m", "limelight", "batch"]


def batches(count: int | None, seed: int) -> Iterator[Tally]:
    """Nodes, workers and the driver killed at random, in each batch several times."""
    yield _apart("batches", count, seed)


def memory(count: int | None, seed: int) -> Iterator[Tally]:
    """A task that takes too much is ended by Ray's own watch over memory, and done again with twice as much asked for."""
    yield _apart("memory", count, seed)


def kills(count: int | None, seed: int) -> Iterator[Tally]:
    """Local workers killed while they start, work or wait: no job is lost or told twice."""
    tally = Tally("batch, kills", "Local workers killed by SIGKILL and SIGTERM at any moment, eight in each trial.")
    began = time.perf_counter()
    for trial in range(KILL_TRIALS if count is None else min(count, KILL_TRIALS)):
        with tempfile.TemporaryDirectory() as place:
            tally.take(f"trial {trial}", faults_of_kills(Path(place), kills=8, seed=100 * seed + trial))
    tally.seconds = time.perf_counter() - began
    yield tally


def _apart(part: str, count: int | None, seed: int) -> Tally:
    """In a process of its own: Ray starts a cluster in a main thread alone."""
    words = [sys.executable, __file__, part, str(TRIALS if count is None else min(count, TRIALS)), str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return Tally(f"batch, {part}", "It did not come to an end.", 1, [done.stderr[-2000:]])
    return Tally(**json.loads(done.stdout.splitlines()[-1]))


def _batches(count: int, seed: int) -> Tally:
    tally = Tally(
        "batch, faults", f"`limelight batch` of {FILMS} films on a Ray cluster; nodes, workers and drivers killed."
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place, cluster() as nodes:
        folder = Path(place)
        make_films(folder / "in", FILMS)
        for task in Inputs((str(folder / "in"),), str(folder / "alone"), FilmSettings(**SETTINGS)):
            do_film(task, lambda done: None)
        alone = _hashes(folder / "alone")
        for trial in range(count):
            draw = random.Random(seed * 1000 + trial)
            tally.take(f"batch {trial}", _faults(folder, folder / f"out{trial}", alone, nodes, draw))
    tally.seconds = time.perf_counter() - began
    return tally


def _memory() -> Tally:
    tally = Tally(
        "batch, memory", "A task that Ray ends because its node runs out of memory is done again; others are done."
    )
    began, used = time.perf_counter(), psutil.virtual_memory()
    limit = (used.total - used.available + ALLOWANCE_BYTES) / used.total
    wishes = {
        "RAY_memory_usage_threshold": f"{limit:.4f}",
        "RAY_memory_monitor_refresh_ms": "100",
    }  # as Ray spells them
    os.environ.update(wishes)
    try:
        with tempfile.TemporaryDirectory() as place, cluster() as nodes:
            tally.take("a hungry task", _hungry(Path(place), str(nodes.address)))
    finally:
        for name in wishes:
            del os.environ[name]
    tally.seconds = time.perf_counter() - began
    return tally


def _hungry(folder: Path, address: str) -> list[str]:
    asked: list[int] = []

    class Remembering(RayEngine):
        def submit(self, number: int, work: Any, job: Any, resources: Resources) -> None:
            asked.append(resources.memory_bytes)
            super().submit(number, work, job, resources)

    with Queue(Remembering(address), hungry, resources=Resources(memory_bytes=300 * MEGABYTE)) as queue:
        number = queue.submit((folder / "big", 2 * ALLOWANCE_BYTES))
        while queue.unfinished:
            queue.step()
        status = queue.status(number)
    faults = [] if status.state == "done" else [f"it was {status.state}: {status.outcome}"]
    if asked[:2] != [300 * MEGABYTE, 600 * MEGABYTE]:
        faults.append(f"it asked for {[size // MEGABYTE for size in asked]} MB, wanted are 300, then 600")
    return faults


def _faults(folder: Path, out: Path, alone: dict[str, str], nodes: Any, draw: random.Random) -> list[str]:
    """What was not as promised, after a batch with three kills, and a last run that is left in peace."""
    words = [*COMMAND, str(folder / "in"), "-o", str(out), "--ray", str(nodes.address), "-q"]
    words += ["--separator", SETTINGS["separator"], "--speech", str(SETTINGS["speech_db"])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    made: dict[str, int] = {}
    faults = []
    for _ in range(2):
        with subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as driver:
            for kill in draw.sample((_kill_a_node, _kill_a_worker), 2):
                time.sleep(draw.uniform(4.0, 12.0))
                kill(nodes)
            time.sleep(draw.uniform(0.0, 6.0))
            driver.kill()
        faults += [f"{name} was made twice" for name, node in made.items() if _node_number(out / name) != node]
        made = {path.name: path.stat().st_ino for path in out.glob("*.mkv")}
    last = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    faults += [f"{name} was made twice" for name, node in made.items() if _node_number(out / name) != node]
    if last.returncode:
        faults.append(f"the last run left with {last.returncode}: {last.stderr[-300:]}")
    if _hashes(out) != alone:
        faults.append("results differ from those of one process")
    return faults + [f"left behind: {path.name}" for path in out.rglob("*") if ".part" in path.name]


def _kill_a_node(nodes: Any) -> None:
    worker = next(iter(nodes.worker_nodes))
    nodes.remove_node(worker, allow_graceful=False)
    _add_a_node(nodes)


def _add_a_node(nodes: Any) -> None:
    """Ray gives a node thirty seconds to start; a machine that does much else may need another try."""
    for tries_left in reversed(range(NODE_TRIES)):
        try:
            nodes.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
            return
        except Exception:  # Ray raises no narrower one
            if not tries_left:
                raise


def _kill_a_worker(nodes: Any) -> None:
    busy = [one for one in psutil.process_iter(["name"]) if (one.info["name"] or "").startswith("ray::_in_task")]
    for process in busy[:1]:
        process.send_signal(signal.SIGKILL)


def _node_number(path: Path) -> int:
    return path.stat().st_ino if path.exists() else -1


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: digest(path) for path in sorted(folder.glob("*.mkv"))}


@contextmanager
def cluster() -> Iterator[Any]:
    """A head without a processor and two workers with one each."""
    os.environ.update(
        RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0"
    )  # Ray's own is 15: beside others, next to nothing
    os.environ["PYTHONPATH"] = os.pathsep.join(str(Path(place).resolve()) for place in sys.path)  # for its processes
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        _add_a_node(made)
    try:
        yield made
    finally:
        made.shutdown()


if __name__ == "__main__":
    made = _memory() if sys.argv[1] == "memory" else _batches(int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(asdict(made)))
