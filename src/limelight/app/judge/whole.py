"""The whole of `limelight evaluate`, a line per step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from limelight.app.judge.by_model import ByModel
from limelight.app.judge.data import Data, opened
from limelight.app.judge.examples import examples_of
from limelight.app.judge.levelled import Levelled
from limelight.app.judge.markdown import results_markdown
from limelight.app.judge.methods import Method, methods_of
from limelight.app.judge.networks import NO_NETWORKS, Networks
from limelight.app.judge.page import write_page
from limelight.app.judge.results import write_parquet
from limelight.app.judge.run import Judged, Progress, evaluate
from limelight.app.judge.sections import Source
from limelight.app.judge.table import Found
from limelight.errors import InputError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.muddy.manifest import require_parquet

MARKDOWN, PAGE = "results.md", "results.html"


@dataclass(frozen=True)
class Asked:
    """What is to be judged, and where the results go."""

    dataset: Path  # or a sound library
    into: Path
    models: tuple[str, ...]
    split: str = "test"
    count: int | None = None
    examples: int = 3
    parquet: bool = False
    networks: Networks = NO_NETWORKS
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
class Verdict:
    """What was found, and where it is told."""

    found: Found
    judged: Judged
    written: tuple[Path, ...]


def judge(asked: Asked, *, progress: Progress | None = None, drawing: Progress | None = None) -> Verdict:
    """Measures what is missing and writes the tables. Raises the errors of `limelight.errors`."""
    if asked.parquet:
        require_parquet()
    data = opened(
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
    judged = evaluate(
        data.folder,
        data.entries,
        methods,
        asked.into,
        others=data.others,
        networks=asked.networks,
        workers=asked.workers,
        progress=progress,
    )
    found = Found.of(judged.lines, {method.name: method.kind for method in methods})
    if not found.clips:
        judged.check()
        raise InputError("No clip was measured by every method; run the command again.")
    return Verdict(found, judged, tuple(_told(asked, found, judged, data, methods)))


def _told(asked: Asked, found: Found, judged: Judged, data: Data, methods: Sequence[Method]) -> Iterator[Path]:
    notes = tuple(method.said for method in methods if isinstance(method, ByModel | Levelled) and method.said)
    source = Source(asked.dataset.resolve().name, asked.split, asked.command, notes)
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
