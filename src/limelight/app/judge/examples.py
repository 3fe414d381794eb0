"""A few clips of a method to look at: spectra before, after and as they should be; its gains against the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.app.judge.methods import Method
from limelight.app.judge.plane import mono, monos
from limelight.app.judge.run import another_of
from limelight.app.judge.trial import Trial, read_trial
from limelight.evaluation.balance import audible
from limelight.evaluation.explanation import in_decibels, moving_gains
from limelight.evaluation.metrics import SAMPLE_RATE
from limelight.muddy.manifest import Entry

Array = NDArray[np.float64]
FLOOR_DB = -40.0
DRAWN_PER_SECOND = 2  # fast enough to be seen; between a weak stem's sounds its gains are anything


@dataclass(frozen=True, eq=False, repr=False)
class Example:
    """One clip of one method, as metrics hear it."""

    entry: Entry
    method: str
    before: NDArray[np.float32]  # [N]
    after: NDArray[np.float32]
    target: NDArray[np.float32]
    gains_db: Array  # [K, T], of the stems as they are in the input; by least squares, whatever the method does
    true_db: Array  # [K, T]
    heard: tuple[bool, ...]  # [K]

    @classmethod
    def of(cls, trial: Trial, entry: Entry, method: Method) -> Example:
        """Runs the method on the clip."""
        stems = monos(trial.spoilt)
        before, after, target = (mono(sound) for sound in (trial.input, method.remix(trial).samples, trial.target))
        gains, true = (_changes_db(before, sound, stems) for sound in (after, target))
        return cls(entry, method.name, before, after, target, gains, true, tuple(audible(monos(trial.stems)).tolist()))


def examples_of(folder: Path, entries: Sequence[Entry], method: Method, count: int) -> list[Example]:
    """So many clips, of different kinds as far as there are any; the same ones for the same data set."""
    return [
        Example.of(read_trial(folder, entry, another_of(entry, entries)), entry, method)
        for entry in spread(entries, count)
    ]


def spread(entries: Sequence[Entry], count: int) -> list[Entry]:
    """A few clips, in turn from each kind of scene and recipe."""
    kinds: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        kinds.setdefault((entry.kind, entry.recipe), []).append(entry)
    turns = range(max(map(len, kinds.values()), default=0))
    return [of[turn] for turn in turns for of in kinds.values() if turn < len(of)][:count]


def _changes_db(before: NDArray[np.float32], after: NDArray[np.float32], stems: NDArray[np.float32]) -> Array:
    """The gains that explain best how a mix became another, [K, T]."""
    return in_decibels(
        1 + moving_gains(after - before, stems, sample_rate=SAMPLE_RATE, points_per_second=DRAWN_PER_SECOND),
        floor_db=FLOOR_DB,
    )
