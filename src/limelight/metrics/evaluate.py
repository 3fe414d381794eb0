"""The whole of `limelight evaluate`, a line per step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from limelight.dataset.manifest import require_parquet
from limelight.errors import InputError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.metrics.clips import EvalData, open_eval_data
from limelight.metrics.markdown import results_markdown
from limelight.metrics.measure import NO_NETWORKS, MetricNetworks
from limelight.metrics.methods import LoudnessBaseline, Method, methods_of
from limelight.metrics.models import ModelMethod
from limelight.metrics.page import write_page
from limelight.metrics.plots import examples_of
from limelight.metrics.results import write_parquet
from limelight.metrics.run import Progress, RunResult, run_methods
from limelight.metrics.sections import TableSource
from limelight.metrics.tables import Results

MARKDOWN, PAGE = "results.md", "results.html"


@dataclass(frozen=True)
class Request:
    """What is to be judged, and where the results go."""

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
    cache: Path | None = None  # for the decoded sounds of a library

    @property
    def command(self) -> str:
        """How a reader makes the same table; the folders by their last name."""
        some = (f" --count {self.count}" if self.count else "") + (" --by-cue" if self.by_cue else "")
        names = ",".join("/".join(Path(name).parts[-2:]) for name in self.models)
        place = self.dataset.resolve().name
        return f"limelight evaluate {place} --models {names} --split {self.split}{some} --into …"


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What was found, and where it is told."""

    found: Results
    judged: RunResult
    written: tuple[Path, ...]


def evaluate(asked: Request, *, progress: Progress | None = None, drawing: Progress | None = None) -> Evaluation:
    """Measures what is missing and writes the tables. Raises the errors of `limelight.errors`."""
    if asked.parquet:
        require_parquet()
    data = open_eval_data(
        asked.dataset,
        asked.split,
        asked.count,
        into=asked.into,
        cache=asked.cache,
        workers=asked.workers,
        drawing=drawing,
    )
    methods = methods_of(asked.models, data.everything, by_cue=asked.by_cue)
    asked.networks.check(data.entries)
    judged = run_methods(
        data.folder,
        data.entries,
        methods,
        asked.into,
        others=data.others,
        networks=asked.networks,
        workers=asked.workers,
        progress=progress,
    )
    found = Results.of(judged.lines, {method.name: method.kind for method in methods})
    if not found.clips:
        judged.check()
        raise InputError("No clip was measured by every method; run the command again.")
    return Evaluation(found, judged, tuple(_told(asked, found, judged, data, methods)))


def _told(
    asked: Request, found: Results, judged: RunResult, data: EvalData, methods: Sequence[Method]
) -> Iterator[Path]:
    notes = tuple(
        method.said for method in methods if isinstance(method, ModelMethod | LoudnessBaseline) and method.said
    )
    source = TableSource(asked.dataset.resolve().name, asked.split, asked.command, notes)
    markdown, page = asked.into / MARKDOWN, asked.into / PAGE
    with whole_or_absent(markdown) as temporary, naming_write_errors(markdown):
        temporary.write_text(results_markdown(found, source), encoding="utf-8")
    yield markdown
    seen = [entry for entry in data.entries if entry.name in found.clips]
    shown = next((method for method in methods if method.kind == "method"), methods[0])
    write_page(found, source, examples_of(data.folder, seen, shown, asked.examples), page)
    yield page
    if asked.parquet:
        yield write_parquet(asked.into, judged.lines)
