"""What many films cost beside the films themselves: python bench/many_films.py [--only PART]… [--films N] [--ray ADDRESS]

    memory   largest resident memory of the process that hands out, at 100 and 10,000 films that need no work
    seconds  between two jobs of ten seconds in one process, until the first begins, and processor time beside the jobs: what
             handing out costs; both engines in turn, one job at a time
    films    N generated films by both engines: seconds, and whether all results are the same bytes
    cost     processor seconds for a second of a film of yours, and the bytes of its record: --only cost --film FILE

Each figure is taken in a process of its own. Without --ray a cluster of a head and two workers is started on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.extend([str(ROOT / "tests"), str(ROOT / "src")])

from batch.invented_films import SETTINGS, make_films  # noqa: E402
from figures import say  # noqa: E402

from limelight.batch.batches import FilmStatus, Totals, run_batch  # noqa: E402
from limelight.batch.engine import Engine, Report, engine_of  # noqa: E402
from limelight.batch.films import FilmDone, FilmRecord, FilmTask, do_film  # noqa: E402
from limelight.batch.inputs import Inputs  # noqa: E402
from limelight.batch.queue import run_jobs  # noqa: E402
from limelight.batch.settings import FilmSettings, digest  # noqa: E402
from limelight.batch.storage import Stamp  # noqa: E402

JOBS, JOB_SECONDS, ROUNDS, SLOTS = 6, 10.0, 3, 2
PARTS = ("memory", "seconds", "films")
COST = "cost"


def dry(task: FilmTask, report: Report) -> FilmDone:
    """All that a film sends back, and no work."""
    none = Stamp(task.size_bytes, "0")
    return FilmDone(FilmRecord("done", task.source, none, "0" * 64, "0" * 16, task.target + ".mp4", result=none))


def wait(job: float, report: Report) -> tuple[int, float, float]:
    """Which process, from when to when."""
    began = time.time()
    time.sleep(job)
    return os.getpid(), began, time.time()


def memory_of(count: int, engine: Engine) -> float:
    """MB, after so many films."""
    films = (
        FilmTask(f"/films/film{number:06d}.mp4", f"/out/film{number:06d}", size_bytes=10**9) for number in range(count)
    )
    with tempfile.TemporaryDirectory() as folder:
        totals = Totals(count, count * 10**9)
        for _ in run_batch(films, engine, totals, status_file=f"{folder}/batch.jsonl", work=dry):
            pass
    assert totals.states == {"done": count}, (totals.states, totals.failed[:1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds_of(engine: Engine) -> dict[str, object]:
    """Until the first job began, and between two jobs of a process: what handing out costs."""
    called = time.time()
    outcomes = list(run_jobs(wait, [JOB_SECONDS] * JOBS, engine=engine))
    jobs = sorted(one.result for one in outcomes if one.result is not None)
    assert len(jobs) == JOBS, [one.message for one in outcomes if one.failed]
    gaps = [after[1] - before[2] for before, after in pairwise(jobs) if before[0] == after[0]]
    return {"start": min(job[1] for job in jobs) - called, "gaps": gaps}


def processor_seconds() -> float:
    """Of all that this process has started, and of what they have: those that run and those that have ended."""
    used = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    ended = os.times()
    return used + ended.children_user + ended.children_system


def seconds_in_turn(engines: dict[str, list[str]]) -> None:
    """Both engines in turn, and what of it is Ray's."""
    gaps, used = {name: list[float]() for name in engines}, {name: list[float]() for name in engines}
    for _ in range(ROUNDS):
        for name, words in engines.items():
            before = processor_seconds()
            took = alone(["--figure", "seconds", *words])
            gaps[name] += took["gaps"]
            used[name].append((processor_seconds() - before) / JOBS)
            say(f"seconds, {name}: {took['start']:.2f} until the first job of {JOBS} began")
    for name in engines:
        middle, longest, cost = statistics.median(gaps[name]), max(gaps[name]), statistics.median(used[name])
        share = 100 * (middle + cost) / JOB_SECONDS
        say(
            f"seconds, {name}: between two jobs {1000 * middle:.0f} ms ({1000 * longest:.0f} at most), processor time beside "
            f"each {1000 * cost:.0f} ms, its start counted in; together {share:.2f} % of {JOB_SECONDS:g} s"
        )


def films_of(folder: Path, output: Path, engine: Engine) -> dict[str, object]:
    """Seconds, and the results' hashes."""
    inputs = Inputs((str(folder),), str(output), FilmSettings(**SETTINGS))
    totals, began, found = Totals(*inputs.check()), time.monotonic(), list[FilmStatus]()
    for status in run_batch(inputs, engine, totals, status_file=str(output / "batch.jsonl")):
        found += [status] if status else []
    states = dict(totals.states)
    hashes = {Path(one.target).name: digest(Path(one.target)) for one in found if one.target}
    return {"seconds": round(time.monotonic() - began, 1), "states": states, "hashes": hashes}


def cost_of(film: Path) -> None:
    """Done twice, so that what is loaded once is not counted; the second is measured, this process alone."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(2):
            before = os.times()
            task = FilmTask(str(film), f"{folder}/{number}", FilmSettings(speech_db=SETTINGS["speech_db"]))
            record = do_film(task, lambda done: None).record
            after = os.times()
        used = after.user + after.system - before.user - before.system
        size = Path(task.record).stat().st_size
    say(
        f"cost: {used / record.film_seconds:.3f} processor seconds for a second of {film.name} ({record.film_seconds:.0f} s, "
        f"{8e-6 * film.stat().st_size / record.film_seconds:.1f} Mb/s), a record of {size} bytes"
    )


@contextmanager
def cluster(address: str | None) -> Iterator[str]:
    """The one that is named, or one of this machine's."""
    if address:
        yield address
        return
    os.environ.update(
        RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0"
    )  # Ray's own is 15: beside others, next to nothing
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 80_000_000})
    for _ in range(SLOTS):
        made.add_node(num_cpus=1, object_store_memory=80_000_000)
    yield str(made.address)
    made.shutdown()


def alone(words: list[str]) -> object:
    """One figure, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    options = _options()
    if options.figure:
        _figure(options)
        return
    if options.only == [COST]:
        cost_of(options.film)
        return
    with cluster(options.ray) as address, tempfile.TemporaryDirectory() as place:
        engines = {"processes here": [], "Ray": ["--ray", address]}
        for part in options.only or PARTS:
            if part == "seconds":
                seconds_in_turn(engines)
                continue
            if part == "films":
                make_films(Path(place) / "in", options.films)
            for name, words in engines.items():
                _say(part, name, words, Path(place), options.films)


def _say(part: str, name: str, words: list[str], place: Path, count: int) -> None:
    if part == "memory":
        low, high = (alone(["--figure", "memory", "--films", str(n), *words]) for n in (100, 10_000))
        say(f"memory, {name}: {low:.0f} MB at 100 films, {high:.0f} MB at 10,000")
    else:
        output = place / ("out-ray" if words else "out")
        output.mkdir(exist_ok=True)
        made = alone(["--figure", "films", "--place", str(place), "--output", str(output), *words])
        (place / f"{output.name}.json").write_text(json.dumps(made["hashes"]))
        other = place / "out.json"
        same = (
            f"; the same bytes: {json.loads(other.read_text()) == made['hashes']}" if words and other.exists() else ""
        )
        say(f"films, {name}: {made['states']} of {count} in {made['seconds']} s{same}")


def _figure(options: argparse.Namespace) -> None:
    engine = engine_of(options.ray, 1 if options.figure == "seconds" else SLOTS)
    if options.figure == "memory":
        sys.stdout.write(json.dumps(memory_of(options.films, engine)))
    elif options.figure == "seconds":
        sys.stdout.write(json.dumps(seconds_of(engine)))
    else:
        sys.stdout.write(json.dumps(films_of(Path(options.place) / "in", Path(options.output), engine)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=(*PARTS, COST), help="this part alone; may be repeated")
    parser.add_argument("--film", type=Path, help="whose cost is measured")
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--ray", help="a cluster that runs already")
    parser.add_argument("--figure", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--place", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
