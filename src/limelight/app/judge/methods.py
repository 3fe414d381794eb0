"""What can be judged: anything that makes a mix of a clip. The seam, and the words that the command line has for it.

method        a model, or a program's own rule: `lite`, a folder, an `.onnx` file, a checkpoint, `separate-and-level`
control       needs no model: do nothing, a fixed loudness
oracle        knows the truth: a bound, not a method
picture       a model with the picture of another clip, or with none: what looking is worth
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from limelight.app.judge import levelled
from limelight.app.judge.by_model import ByModel
from limelight.app.judge.controls import BestGain, DoNothing, FixedLoudness, GainsOnSeparated, GainsOnTrue
from limelight.app.judge.trial import Trial
from limelight.app.loading import CHECKPOINT
from limelight.errors import InputError
from limelight.muddy.manifest import Entry
from limelight.runtime.registry import DEFAULT, REMIX
from limelight.signals import Samples

Kind = Literal["method", "control", "oracle", "picture"]


class Method(Protocol):
    """A plain record that can be sent to another process."""

    @property
    def name(self) -> str:
        """As it stands in the table."""
        ...

    @property
    def kind(self) -> Kind: ...

    @property
    def mark(self) -> str:
        """What it is made of; results under another mark are not its own."""
        ...

    @property
    def needs_another(self) -> bool:
        """Whether the picture of another clip takes part."""
        ...

    def remix(self, trial: Trial) -> Samples:
        """The mix [C, N] at 48 kHz. Raises the errors of `limelight.errors`."""
        ...


def methods_of(names: Sequence[str], entries: Iterable[Entry]) -> tuple[Method, ...]:
    """The controls, then what is named, each model with its pictures; `entries` are all clips of the data set.

    Raises InputError, ModelError.
    """
    entries = list(entries)
    found: list[Method] = [DoNothing(), FixedLoudness(), BestGain(), GainsOnTrue(), GainsOnSeparated(DEFAULT)]
    for name in names:
        found += _named(name, entries)
    seen: set[str] = set()
    for method in found:
        if method.name in seen:
            raise InputError(f"Wanted two methods called {method.name!r}; give one of the folders another name.")
        seen.add(method.name)
    return tuple(found)


def _named(name: str, entries: Sequence[Entry]) -> Iterator[Method]:
    if name == levelled.NAME:
        yield levelled.by_training(DEFAULT, entries)
    elif name == levelled.FILM_NAME:
        yield levelled.by_films(DEFAULT)
    else:
        called = Path(name).stem if Path(name).suffix in (REMIX, CHECKPOINT) else Path(name).name
        own = ByModel(name, called)
        yield own
        if own.looks:
            yield ByModel(name, called, "another")
            yield ByModel(name, called, "none")
