"""The engine of a Ray cluster: a job is a Ray task, so Ray places it, starts its process, and notices what dies.

    driver ── task(work, job) ──► a node with room for the job's cpus, gpus, memory
       ◄── outcome, or Ray's word that the process or its node is gone
       ◄── reports ── mailbox (an actor without a processor, on the driver's node) ◄── tasks

Ray is told not to retry (`max_retries=0`): the queue does, for all engines alike, and with more memory after a death for
memory, where Ray's own retries would ask for the same again. Ray hands one process many tasks of a kind, so what a
job loads once per process (a model) is loaded once per worker.

NumPy's products are held to one thread, as by the command line: an answer must not depend on how many cores a node has.
All nodes must have this version of Limelight; one that has another answers so, and does nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import limelight
from limelight.batch.engine import (
    GRACE_SECONDS,
    WORKER_DIED,
    Died,
    Event,
    JobOutcome,
    Progressed,
    Resources,
    Work,
    outcome_of,
)
from limelight.errors import InputError, Interrupted, ModelError
from limelight.runtime import keep_heap_small

log = logging.getLogger(__name__)
MAIL_SECONDS = 1.0  # between two looks into the mailbox, and between two reports of a task
CONNECT_SECONDS = 10.0
NODES_SECONDS = 5.0  # for which the list of nodes is believed
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class RayEngine:
    """Tasks on a cluster that runs already."""

    def __init__(self, address: str = "auto") -> None:
        """address: of the head (HOST:PORT), or "auto" for the one that this machine belongs to. Connects when first used."""
        self._address = address
        self._ray: Any = None
        self._mailbox: Any = None
        self._task: Any = None
        self._numbers: dict[Any, int] = {}  # Ray's handle of a task → its number
        self._kill_at: dict[int, float] = {}  # cancelled, and when force is used
        self._mail_at = self._nodes_at = 0.0
        self._nodes: list[dict[str, float]] = []
        self._told = False  # that no node has room

    def slots(self, resources: Resources) -> int:
        return sum(_fitting(node, resources) for node in self._alive())

    def submit(self, number: int, work: Work[Any, Any], job: Any, resources: Resources) -> None:
        self._connected()
        if not self._told and self.slots(resources) == 0:
            self._told = True
            log.warning("no node of the cluster has room for a job of %s; it waits until one comes", resources)
        most = max((node.get("memory", 0.0) for node in self._alive()), default=0.0)
        task = self._task.options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            memory=min(resources.memory_bytes, int(most)) or None,  # more than any node has would wait for ever
            max_retries=0,
            name=f"limelight {getattr(work, '__name__', 'job')}",  # Ray counts by name for ever: one for all
        )
        self._numbers[task.remote(_Driver(), work, number, job, self._mailbox)] = number

    def wait(self, timeout_seconds: float) -> list[Event]:
        ray = self._connected()
        self._force()
        handles = list(self._numbers)
        ready, _ = ray.wait(handles, num_returns=1, timeout=timeout_seconds)
        if ready:
            ready, _ = ray.wait(handles, num_returns=len(handles), timeout=0)
        events = self._mail()
        for handle in ready:
            number = self._numbers.pop(handle)
            self._kill_at.pop(number, None)
            events.append(self._came_of(handle, number))
        return events

    def cancel(self, number: int) -> None:
        for handle, its in self._numbers.items():
            if its == number:
                self._ray.cancel(handle, force=False)
                self._kill_at[number] = time.monotonic() + GRACE_SECONDS

    def close(self) -> None:
        """Cancels what runs, and leaves the cluster. The engine can be used again."""
        if self._ray is not None:
            self.stop_all()
            self._ray.shutdown()
            self._ray, self._mailbox = None, None

    def stop_all(self) -> None:
        """Cancels what runs, and gives it time to clean up."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            for handle in self._numbers:
                self._ray.cancel(handle, force=False)
            if self._numbers:
                self._ray.wait(list(self._numbers), num_returns=len(self._numbers), timeout=GRACE_SECONDS)
        self._numbers.clear()
        self._kill_at.clear()

    # ---- the cluster ----

    def _connected(self) -> Any:
        if self._ray is None:
            self._ray = _connect(self._address)
            self._task = self._ray.remote(_in_task)  # once: Ray sends the function anew for each of these
            here = self._ray.get_runtime_context().get_node_id()
            beside = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=True)
            self._mailbox = self._ray.remote(_Mailbox).options(num_cpus=0, scheduling_strategy=beside).remote()
        return self._ray

    def _alive(self) -> list[dict[str, float]]:
        """What each node has."""
        if time.monotonic() > self._nodes_at:
            nodes = self._connected().nodes()
            self._nodes = [node["Resources"] for node in nodes if node["Alive"]]
            self._nodes_at = time.monotonic() + NODES_SECONDS
        return self._nodes

    def forget_nodes(self) -> None:
        """Looks anew at what the cluster has."""
        self._nodes_at = 0.0

    def _force(self) -> None:
        late = {number for number, at in self._kill_at.items() if time.monotonic() > at}
        for handle, number in self._numbers.items():
            if number in late:
                self._ray.cancel(handle, force=True)

    def _mail(self) -> list[Event]:
        if time.monotonic() < self._mail_at:
            return []
        self._mail_at = time.monotonic() + MAIL_SECONDS
        try:
            reports = self._ray.get(self._mailbox.take.remote(), timeout=5 * MAIL_SECONDS)
        except self._ray.exceptions.RayError:  # it died with its node: how far jobs are is not told any more
            return []
        return [Progressed(number, done) for number, done in reports.items()]

    def _came_of(self, handle: Any, number: int) -> Event:
        errors = self._ray.exceptions
        try:
            event: Event = self._ray.get(handle)
        except errors.TaskCancelledError:
            return JobOutcome(number, None, Interrupted.code, "cancelled")
        except errors.OutOfMemoryError as error:
            return Died(
                number, f"Ray ended its process because its node ran out of memory ({_short(error)})", for_memory=True
            )
        except errors.RayTaskError as error:  # what outcome_of lets pass, or a job that cannot be read there
            return JobOutcome(
                number, None, WORKER_DIED, f"the task could not be run on its node: {_short(error.cause or error)}"
            )
        except errors.RayError as error:
            return Died(number, f"its process or its node died ({type(error).__name__})")
        return event


@dataclass(frozen=True)
class _Driver:
    """What a task has to know of the process that hands it out."""

    version: str = field(default_factory=lambda: limelight.__version__)
    folder: str = field(default_factory=os.getcwd)  # relative paths are from here, where the nodes have it too


class _Mailbox:
    """The last report of each job since the driver has looked."""

    def __init__(self) -> None:
        self._reports: dict[int, float] = {}

    def put(self, number: int, done: float) -> None:
        self._reports[number] = done

    def take(self) -> dict[int, float]:
        taken, self._reports = self._reports, {}
        return taken


def _in_task(driver: _Driver, work: Work[Any, Any], number: int, job: Any, mailbox: Any) -> Event:
    """In a worker of the cluster."""
    if driver.version != limelight.__version__:
        found = f"{platform.node()} has Limelight {limelight.__version__}, the driver {driver.version}"
        return JobOutcome(number, None, ModelError.code, f"{found}; install the same on all nodes")
    with contextlib.suppress(OSError):
        os.chdir(driver.folder)
    keep_heap_small()
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # of a cluster that a shell started behind itself: no cancel would come
        signal.signal(signal.SIGINT, signal.default_int_handler)
    last = 0.0

    def report(done: float) -> None:
        nonlocal last
        if time.monotonic() - last >= MAIL_SECONDS:
            last = time.monotonic()
            mailbox.put.remote(number, done)

    mailbox.put.remote(number, 0.0)
    try:
        return outcome_of(work, number, job, report)
    except MemoryError:
        return Died(number, "there was not enough memory for it", for_memory=True)


def _connect(address: str) -> Any:
    """Ray, connected. Raises InputError where it is not installed, or no cluster answers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise InputError(
            "wanted a Ray cluster, found no Ray here; from a clone: pip install -e '.[cluster]'"
        ) from error
    before = signal.getsignal(signal.SIGTERM)
    # Ray prints what its nodes complain of to stdout, where results go; it has no public switch for that.
    ray._private.worker._worker_logs_enabled = False
    try:
        _check_reachable(address)
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
            runtime_env={"env_vars": ENVIRONMENT},
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            f"wanted the Ray cluster {address!r}, found none ({_short(error)}); start one with "
            "`ray start --head`, or give HOST:PORT"
        ) from error
    finally:
        if (
            threading.current_thread() is threading.main_thread()
        ):  # Ray takes SIGTERM for itself, and would leave at once
            signal.signal(signal.SIGTERM, before)
    return ray


def _check_reachable(address: str) -> None:
    """Ray itself tries for minutes. Raises ConnectionError."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        with socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS):
            pass


def _fitting(node: dict[str, float], resources: Resources) -> int:
    """How many such jobs a node can run at once."""
    wanted = {"CPU": resources.cpus, "GPU": resources.gpus, "memory": float(resources.memory_bytes)}
    return min((int(node.get(name, 0.0) / amount) for name, amount in wanted.items() if amount > 0), default=0)


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
