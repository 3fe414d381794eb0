"""What can be judged: anything that makes a mix of a clip. The seam, and the words that the command line has for it.

method        a model, or a program's own rule: `lite`, a folder, an `.onnx` file, a checkpoint, `separate-and-level`
control       needs no model: do nothing, a fixed loudness
oracle        knows the truth: a bound, not a method
picture       a model with the picture of another clip, with none, or with one kind of cue from another clip: what looking,
              and what that kind, is worth
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

from limelight.app.judge import levelled
from limelight.app.judge.by_model import ANOTHER, NONE, ByModel, has_stems, names_of
from limelight.app.judge.controls import BEST_GAIN, DO_NOTHING, GAINS_ON_TRUE, fixed_loudness, gains_on_stems_of
from limelight.app.judge.trial import Mix, Trial
from limelight.cues.catalogue import KINDS
from limelight.errors import InputError
from limelight.muddy.manifest import Entry
from limelight.runtime.registry import DEFAULT

Kind = Literal["method", "control", "oracle", "picture"]
LEVELLED = (levelled.NAME, levelled.FILM_NAME)


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

    def remix(self, trial: Trial) -> Mix:
        """The mix, and the gains where it decides any. Raises the errors of `limelight.errors`."""
        ...


def methods_of(names: Sequence[str], entries: Iterable[Entry], *, by_cue: bool = False) -> tuple[Method, ...]:
    """The controls, then what is named, each model with its pictures; `entries` are all clips of the data set.

    `by_cue`: also each model that is told cues with each kind of them from another clip.

    Raises InputError, ModelError.
    """
    entries, models = list(entries), [name for name in names if name not in LEVELLED]
    called = dict(zip(models, names_of(models), strict=True))
    separators = {DEFAULT: DEFAULT} | {name: said for name, said in called.items() if has_stems(name)}
    found: list[Method] = [DO_NOTHING, fixed_loudness(), BEST_GAIN, GAINS_ON_TRUE]
    found += [gains_on_stems_of(name, said) for name, said in separators.items()]
    for name in names:
        found += _by_model(name, called[name], by_cue=by_cue) if name in called else [_levelled(name, entries)]
    seen: set[str] = set()
    for method in found:
        if method.name in seen:
            raise InputError(f"Wanted two methods called {method.name!r}; leave one out.")
        seen.add(method.name)
    return tuple(found)


def _levelled(name: str, entries: Sequence[Entry]) -> Method:
    return levelled.by_films(DEFAULT) if name == levelled.FILM_NAME else levelled.by_training(DEFAULT, entries)


def _by_model(name: str, called: str, *, by_cue: bool) -> Iterator[Method]:
    own = ByModel(name, called)
    yield own
    if own.looks:
        yield ByModel(name, called, ANOTHER)
        yield ByModel(name, called, NONE)
    if by_cue and own.told_cues:
        yield from (ByModel(name, called, kind) for kind in KINDS)
