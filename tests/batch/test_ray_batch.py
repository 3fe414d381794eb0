"""Films on a real cluster: whatever dies, each film is done once, with the bytes that one process alone would write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from batch.conftest import STORE_BYTES
from batch.invented_films import SETTINGS, make_films
from batch.test_batches import hashes, left_behind

from limelight.batch.batches import FilmStatus, Totals, run_batch
from limelight.batch.films import do_film
from limelight.batch.inputs import Inputs
from limelight.batch.settings import FilmSettings

pytestmark = pytest.mark.batch
USUAL = FilmSettings(**SETTINGS)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder of films, and the hashes of what this process makes of them."""
    folder = tmp_path_factory.mktemp("films")
    make_films(folder / "in", 5)
    for task in Inputs((str(folder / "in"),), str(folder / "alone"), USUAL):
        do_film(task, lambda done: None)
    return folder / "in", hashes(folder / "alone")


def test_a_node_is_killed_while_it_works(cluster, engine, films, tmp_path: Path) -> None:
    folder, alone = films
    extra = cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    engine.forget_nodes()
    inputs = Inputs((str(folder),), str(tmp_path), USUAL)
    totals, found = Totals(*inputs.check()), list[FilmStatus]()
    for status in run_batch(inputs, engine, totals):
        if extra is not None and len(list(tmp_path.glob(".limelight/*.json"))) >= 3:  # each node has room for one
            cluster.remove_node(extra, allow_graceful=False)
            extra = None
        found += [status] if status else []
    assert extra is None
    assert Counter(status.state for status in found) == {"done": 5}
    assert max(status.attempts for status in found) <= 2
    assert hashes(tmp_path) == alone
    assert not left_behind(tmp_path)


def test_a_driver_dies_and_another_goes_on(cluster, films, tmp_path: Path) -> None:
    folder, alone = films
    words = [sys.executable, "-m", "limelight", "batch", str(folder), "-o", str(tmp_path), "--ray", cluster.address]
    words += ["--separator", "lite", "--speech", "3", "-q", "--json"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as running:
        running.stdout.readline()
        running.kill()
    done = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.glob("*.mkv")}
    assert done
    again = subprocess.run(words, capture_output=True, text=True, env=env, check=True)
    states = {Path(one["target"]).name: one["state"] for one in map(json.loads, again.stdout.splitlines())}
    for name, before in done.items():
        assert states[name] == "before"
        assert ((tmp_path / name).stat().st_ino, (tmp_path / name).stat().st_mtime_ns) == before
    assert hashes(tmp_path) == alone
    assert not left_behind(tmp_path)
