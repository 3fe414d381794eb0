"""The whole of `limelight evaluate`, a line per step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limelight.app.judge.examples import examples_of
from limelight.app.judge.markdown import Source, results_markdown
from limelight.app.judge.methods import methods_of
from limelight.app.judge.networks import NO_NETWORKS, Networks
from limelight.app.judge.page import write_page
from limelight.app.judge.results import write_parquet
from limelight.app.judge.run import Progress, chosen, evaluate
from limelight.app.judge.table import Found
from limelight.errors import InputError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.muddy.manifest import read_manifest, require_parquet

MARKDOWN, PAGE = "results.md", "results.html"


@dataclass(frozen=True)
class Wish:
    """What is to be judged, and where the results go."""

    dataset: Path
    into: Path
    models: tuple[str, ...]
    split: str = "test"
    count: int | None = None
    examples: int = 3
    parquet: bool = False
    networks: Networks = NO_NETWORKS
    workers: int | None = None

    @property
    def command(self) -> str:
        """How a reader makes the same table; the folders by their last name."""
        some = f" --count {self.count}" if self.count else ""
        names = ",".join(Path(name).name for name in self.models)
        return f"limelight evaluate {self.dataset.resolve().name} --models {names} --split {self.split}{some} --into …"


def judge(wish: Wish, *, progress: Progress | None = None) -> tuple[Path, ...]:
    """Measures what is missing and writes the tables. Raises the errors of `limelight.errors`."""
    if wish.parquet:
        require_parquet()
    everything = read_manifest(wish.dataset)
    entries = chosen(everything, wish.split, wish.count)
    methods = methods_of(wish.models, everything)
    wish.networks.check(entries)
    lines = evaluate(
        wish.dataset,
        entries,
        methods,
        wish.into,
        others=chosen(everything, wish.split, None),
        networks=wish.networks,
        workers=wish.workers,
        progress=progress,
    )
    found = Found.of(lines, {method.name: method.kind for method in methods})
    if not found.clips:
        raise InputError("No clip was measured by every method; run the command again.")
    source = Source(wish.dataset.resolve().name, wish.split, wish.command)
    markdown, page = wish.into / MARKDOWN, wish.into / PAGE
    with whole_or_absent(markdown) as temporary, naming_write_errors(markdown):
        temporary.write_text(results_markdown(found, source), encoding="utf-8")
    shown = next((method for method in methods if method.kind == "method"), methods[0])
    write_page(found, source, examples_of(wish.dataset, entries, shown, wish.examples), page)
    return (markdown, page, *((write_parquet(wish.into, lines),) if wish.parquet else ()))
