"""The one evaluator: every method on every clip, every registered metric, tables and a page; a line per step.

    data set ─► clips ─┬─► what an earlier run has not measured ─► one job a clip, on all cores ─► lines ─► tables, page
    names ─► methods ──┘        read once, all its methods, every metric

A run can be stopped and gone on with: what was measured is not measured again (`results`). What is done to a clean mix is
measured on the clips that nobody degraded; where the data set has none, on all, each given its own target.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from limelight.batch.engine import Engine, Report
from limelight.batch.queue import run_jobs
from limelight.dataset.manifest import Entry, require_parquet
from limelight.errors import InputError, ModelError, SomeFailed
from limelight.media.probe import counted
from limelight.media.target import naming_write_errors
from limelight.metrics.balance import there
from limelight.metrics.clips import EvalClip, EvalData, Mix, another_of, mono, monos, open_eval_data, read_eval_clip
from limelight.metrics.methods import Method, methods_of
from limelight.metrics.page import examples_of, write_markdown, write_page
from limelight.metrics.papers import Analysed
from limelight.metrics.pretrained import NO_NETWORKS, MetricNetworks, read_pictures
from limelight.metrics.registry import Comparison, Metric, Reference, measure_all, registered
from limelight.metrics.results import (
    FOLDER,
    ResultLine,
    add,
    file_of,
    is_good,
    key_of,
    read_lines,
    settle,
    write_parquet,
)
from limelight.metrics.tables import Results, TableSource

MARKDOWN, PAGE = "results.md", "results.html"

# clips done, clips in all
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Request:
    """What is to be evaluated, and where the results go."""

    dataset: Path  # or a sound library
    into: Path
    models: tuple[str, ...]
    split: str = "test"
    count: int | None = None
    examples: int = 3
    parquet: bool = False
    networks: MetricNetworks = NO_NETWORKS
    workers: int | None = None
    by_cue: bool = False  # also with each kind of cue from another clip
    trivial: bool | None = None  # also pairs that teach nothing; None: as the data set was built
    cache: Path | None = None  # for the decoded sounds of a library

    @property
    def command(self) -> str:
        """How a reader makes the same table; the folders by their last name."""
        some = (f" --count {self.count}" if self.count else "") + (" --by-cue" if self.by_cue else "")
        some += "" if self.trivial is None else " --trivial" if self.trivial else " --no-trivial"
        names = ",".join("/".join(Path(name).parts[-2:]) for name in self.models)
        place = self.dataset.resolve().name
        return f"limelight evaluate {place} --models {names} --split {self.split}{some} --into …"


@dataclass(frozen=True, repr=False)
class RunResult:
    """What came of a run."""

    lines: tuple[ResultLine, ...]  # old and new, of these clips and methods
    failures: tuple[str, ...] = ()  # clips that could not be measured, and why

    def check(self) -> None:
        """Raises SomeFailed, which makes the exit code, where some were not measured."""
        if self.failures:
            failed = counted(len(self.failures), "clip")
            raise SomeFailed(f"{failed} could not be measured, the first is {self.failures[0]}; mend it and go on")


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What was found, and where it is told."""

    found: Results
    run: RunResult
    written: tuple[Path, ...]


def evaluate(
    asked: Request,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
    sampling: Progress | None = None,
) -> Evaluation:
    """Measures what is missing and writes the tables. Raises the errors of `limelight.errors`.

    engine: in place of processes here.
    """
    if asked.parquet:
        require_parquet()
    data = open_eval_data(
        asked.dataset,
        asked.split,
        asked.count,
        into=asked.into,
        trivial=asked.trivial,
        cache=asked.cache,
        workers=asked.workers,
        engine=engine,
        sampling=sampling,
    )
    methods = methods_of(asked.models, data.everything, by_cue=asked.by_cue)
    asked.networks.check(data.entries)
    run = run_methods(
        data.folder,
        data.entries,
        methods,
        asked.into,
        others=data.others,
        networks=asked.networks,
        workers=asked.workers,
        engine=engine,
        progress=progress,
    )
    found = Results.of(run.lines, {method.name: method.kind for method in methods})
    if not found.clips:
        run.check()
        raise InputError("No clip was measured by every method; run the command again.")
    return Evaluation(found, run, tuple(_told(asked, found, run, data, methods)))


def _told(asked: Request, found: Results, run: RunResult, data: EvalData, methods: Sequence[Method]) -> Iterator[Path]:
    notes = tuple(said for method in methods if (said := getattr(method, "said", "")))
    source = TableSource(asked.dataset.resolve().name, asked.split, asked.command, notes)
    yield write_markdown(found, source, asked.into / MARKDOWN)
    seen = [entry for entry in data.entries if entry.name in found.clips]
    shown = next((method for method in methods if method.kind == "method"), methods[0])
    yield write_page(found, source, examples_of(data.folder, seen, shown, asked.examples), asked.into / PAGE)
    if asked.parquet:
        yield write_parquet(asked.into, run.lines)


@dataclass(frozen=True)
class ClipJob:
    """One clip, and the methods that it is missing; a plain record, for workers."""

    folder: Path
    entry: Entry
    other: Entry  # whose picture is "another"
    methods: tuple[Method, ...]
    keys: tuple[str, ...]
    networks: MetricNetworks
    clean_too: bool  # whether it is also to be given well mixed
    metrics: tuple[Metric, ...]


def run_methods(
    folder: Path,
    entries: Sequence[Entry],
    methods: Sequence[Method],
    into: Path,
    *,
    others: Sequence[Entry] = (),
    networks: MetricNetworks = NO_NETWORKS,
    workers: int | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Every method on every clip that was not measured yet. `others`: all of their split, whose pictures may stand in.

    Raises InputError, OutputError.
    """
    with naming_write_errors(into):
        (into / FOLDER).mkdir(parents=True, exist_ok=True)
    known = {method.name: read_lines(file_of(into, method.name)) for method in methods}
    jobs = list(_jobs(folder, entries, others or entries, methods, known, networks))
    failures = []
    for done, outcome in enumerate(run_jobs(run_clip, jobs, engine=engine, workers=_sensible(workers, len(jobs))), 1):
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
    clip = read_eval_clip(job.folder, entry, job.other)
    reference = reference_of(clip, networks=job.networks, pictures=images)
    lines = []
    for done, (method, key) in enumerate(zip(job.methods, job.keys, strict=True), 1):
        figures = figures_of(method, clip, reference, job.metrics, clean_too=job.clean_too)
        lines.append(
            ResultLine(entry.name, method.name, key, entry.kind, entry.recipe, entry.step_db, figures, entry.trivial)
        )
        report(done / len(job.methods))
    return lines


def reference_of(
    clip: EvalClip, *, networks: MetricNetworks = NO_NETWORKS, pictures: Sequence[np.ndarray] = ()
) -> Reference:
    """What the outputs for a clip are compared with, as metrics hear it."""
    return Reference(
        target=Analysed(mono(clip.target)),
        mixture=Analysed(mono(clip.input)),
        stems=monos(clip.stems),
        right_db=clip.right_db,
        present=there(clip.stems),
        networks=networks,
        pictures=pictures,
    )


def figures_of(
    method: Method,
    clip: EvalClip,
    reference: Reference,
    metrics: Sequence[Metric] | None = None,
    *,
    clean_too: bool = True,
) -> dict[str, float]:
    """Raw figures of a method on a clip, by name. Raises ModelError for what is no mix of the clip.

    `clean_too`: the method is also given the target, as a mix with nothing to mend; a wrong picture is not what a film
    gets, so methods with one are spared.
    """
    metrics = registered() if metrics is None else metrics
    mix = _checked(method, clip)
    comparison = Comparison(Analysed(mono(mix.samples)), reference, mix.gains_db, clean=clip.is_good)
    figures = measure_all(comparison, metrics)
    if not clip.is_good and clean_too and method.kind != "picture":
        given_good = _checked(method, clip.well_mixed)
        output = Analysed(mono(given_good.samples))
        clean = Comparison(output, reference, given_good.gains_db, clean=True)
        figures |= measure_all(clean, [metric for metric in metrics if metric.of_clean_mix])
    return figures


def _checked(method: Method, clip: EvalClip) -> Mix:
    mix = method.remix(clip)
    finite = bool(np.isfinite(mix.samples).all())
    if mix.samples.shape != clip.input.shape or not finite:
        raise ModelError(
            f"Wanted a mix {clip.input.shape} of {clip.name} from {method.name}, got {mix.samples.shape}"
            f"{'' if finite else ' with NaN or infinity'}; leave that method out."
        )
    return mix


def _jobs(
    folder: Path,
    entries: Sequence[Entry],
    others: Sequence[Entry],
    methods: Sequence[Method],
    known: dict[str, dict[str, ResultLine]],
    networks: MetricNetworks,
) -> Iterator[ClipJob]:
    has_good, metrics = any(is_good(entry.recipe) for entry in others), registered()
    versions = [(metric.name, metric.version) for metric in metrics]
    for entry in entries:
        other, clean_too = another_of(entry, others), is_good(entry.recipe) or not has_good
        missing = {}
        for method in methods:
            seen = other.files["cues.npy"] if method.needs_another else ""
            key = key_of(method.mark, dict(entry.files), seen, asdict(networks), clean_too, versions)
            line = known[method.name].get(entry.name)
            if line is None or line.key != key:
                missing[method] = key
        if missing:
            yield ClipJob(folder, entry, other, tuple(missing), tuple(missing.values()), networks, clean_too, metrics)


def _sensible(workers: int | None, jobs: int) -> int:
    return max(1, min(workers or os.cpu_count() or 1, jobs))
