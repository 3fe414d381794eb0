"""A Ray cluster on this machine: a head without a processor and two workers with one each, as processes of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.update(RAY_worker_niceness="0")  # Ray's own is 15: on a busy machine its workers would get next to nothing
os.environ.setdefault("RAY_DEDUP_LOGS", "0")
STORE_BYTES = 80_000_000  # the least that Ray takes is 75 MB


@pytest.fixture(scope="session")
def cluster() -> Iterator[object]:
    """`cluster.address`; a test that ends a node starts another."""
    if sys.platform != "linux":
        pytest.skip("a cluster on one machine is tried on Linux")
    utils = pytest.importorskip("ray.cluster_utils", reason="the extra cluster is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(str(Path(place).resolve()) for place in sys.path))
        yield from _started(utils)


def _started(utils) -> Iterator[object]:
    """Its processes import what this one can."""
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    made = utils.Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        made.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    yield made
    made.shutdown()


@pytest.fixture(scope="session")
def engine(cluster) -> Iterator[object]:
    """One that stays connected, so that its workers stay too."""
    from limelight.batch.ray_engine import RayEngine

    class Lasting(RayEngine):
        def close(self) -> None:
            self.stop_all()

    lasting = Lasting(cluster.address)
    yield lasting
    RayEngine.close(lasting)
