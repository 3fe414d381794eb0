"""Every method on every clip, on all cores; what an earlier run has measured is not measured again.

entries ─► what is missing ─► one job a clip: read once, all its methods, every figure ─► lines ─► settled files
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from limelight.dataset.manifest import Entry
from limelight.dataset.workers import Report, run_jobs
from limelight.errors import SomeFailed
from limelight.media.target import naming_write_errors
from limelight.metrics.clips import read_eval_clip
from limelight.metrics.measure import NO_NETWORKS, MetricNetworks, Reference, read_pictures
from limelight.metrics.methods import Method
from limelight.metrics.results import FOLDER, ResultLine, add, file_of, is_good, key_of, read_lines, settle

# clips done, clips in all
Progress = Callable[[float, float], None]


@dataclass(frozen=True, repr=False)
class RunResult:
    """What came of a run."""

    lines: tuple[ResultLine, ...]  # old and new, of these clips and methods
    failures: tuple[str, ...] = ()  # clips that could not be judged, and why

    def check(self) -> None:
        """Raises SomeFailed, which makes the exit code, where some were not judged."""
        if self.failures:
            raise SomeFailed(
                f"{len(self.failures)} clips could not be judged, the first is {self.failures[0]}; mend it and go on"
            )


@dataclass(frozen=True)
class ClipJob:
    """One clip, and the methods that it is missing."""

    folder: Path
    entry: Entry
    other: Entry  # whose picture is "another"
    methods: tuple[Method, ...]
    keys: tuple[str, ...]
    networks: MetricNetworks
    harm_too: bool  # whether it is also to be given well mixed


def run_methods(
    folder: Path,
    entries: Sequence[Entry],
    methods: Sequence[Method],
    into: Path,
    *,
    others: Sequence[Entry] = (),
    networks: MetricNetworks = NO_NETWORKS,
    workers: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Every method on every clip that was not measured yet. `others`: all of their split, whose pictures may stand in.

    Harm is measured on the clips that nobody spoilt; where the split has none, on all, well mixed. Raises InputError,
    OutputError.
    """
    with naming_write_errors(into):
        (into / FOLDER).mkdir(parents=True, exist_ok=True)
    known = {method.name: read_lines(file_of(into, method.name)) for method in methods}
    jobs = list(_jobs(folder, entries, others or entries, methods, known, networks))
    failures = []
    for done, outcome in enumerate(run_jobs(run_clip, jobs, workers=_sensible(workers, len(jobs))), 1):
        if outcome.result is None:
            failures.append(f"{jobs[outcome.number].entry.name}: {outcome.message}")
        else:
            add(into, outcome.result)
        if progress:
            progress(len(entries) - len(jobs) + done, len(entries))
    for method in methods:
        settle(into, method.name)
    names = {entry.name for entry in entries}
    lines = (line for method in methods for line in read_lines(file_of(into, method.name)).values())
    return RunResult(tuple(line for line in lines if line.clip in names), tuple(failures))


def run_clip(job: ClipJob, report: Report) -> list[ResultLine]:
    """The lines of one clip."""
    entry = job.entry
    images = read_pictures(job.folder, entry) if job.networks.embedder else ()
    truth = Reference(read_eval_clip(job.folder, entry, job.other), job.networks, images, job.harm_too)
    lines = []
    for done, (method, key) in enumerate(zip(job.methods, job.keys, strict=True), 1):
        figures = truth.figures(method)
        lines.append(ResultLine(entry.name, method.name, key, entry.kind, entry.recipe, entry.step_db, figures))
        report(done / len(job.methods))
    return lines


def another_of(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """The clip whose picture stands in: any but its own, drawn by its name."""
    others = [one for one in entries if one.name != entry.name] or [entry]
    return others[int(hashlib.sha256(entry.name.encode()).hexdigest(), 16) % len(others)]


def _jobs(
    folder: Path,
    entries: Sequence[Entry],
    others: Sequence[Entry],
    methods: Sequence[Method],
    known: dict[str, dict[str, ResultLine]],
    networks: MetricNetworks,
) -> Iterator[ClipJob]:
    has_good = any(is_good(entry.recipe) for entry in others)
    for entry in entries:
        other, harm_too = another_of(entry, others), is_good(entry.recipe) or not has_good
        missing = {}
        for method in methods:
            seen = other.files["cues.npy"] if method.needs_another else ""
            key = key_of(method.mark, dict(entry.files), seen, asdict(networks), harm_too)
            line = known[method.name].get(entry.name)
            if line is None or line.key != key:
                missing[method] = key
        if missing:
            yield ClipJob(folder, entry, other, tuple(missing), tuple(missing.values()), networks, harm_too)


def _sensible(workers: int | None, jobs: int) -> int:
    return max(1, min(workers or os.cpu_count() or 1, jobs))
