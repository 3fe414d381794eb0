"""Whether a model listens to what it is told: the same film with its captions, with others, and with none.

    told       what the film's captions say, second by second
    shuffled   the same rows, half the film later
    emptied    zeros, as where nothing is said

SemMix (arXiv 2601.08871) asks this as its last check: no effect means captions off screen or embeddings misaligned. At its
first weights every network of ours has none, exactly: its way from the context starts at zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.mixing.remixing import changes
from limelight.runtime.remix import RemixModel
from limelight.signals import Samples

Array = NDArray[np.float32]
NO_CHANGE_DB = -120.0


@dataclass(frozen=True)
class Effect:
    """Levels in dB; NO_CHANGE_DB for nothing at all."""

    change_db: float  # what the model does, told truly, against the sound
    shuffled_db: float  # how much of that differs when told the wrong captions, against the change
    emptied_db: float  # when told none

    @property
    def listens(self) -> bool:
        """Whether what it is told makes any difference."""
        return max(self.shuffled_db, self.emptied_db) > NO_CHANGE_DB


def effect_of(
    model: RemixModel, context: Array, blocks: Callable[[], Iterable[Samples]], *, sample_rate: int, layout: str
) -> Effect:
    """Runs a model three times over the same blocks [C, n], told rows [T, D] in three ways."""
    ways = (context, np.roll(context, len(context) // 2, axis=0), np.zeros_like(context))
    runs = [changes(blocks(), model, way, sample_rate=sample_rate, layout=layout) for way in ways]
    sums = np.zeros(4)  # power of the sound, of the change, and of what differs from it
    for (original, true), (_, shuffled), (_, emptied) in zip(*runs, strict=True):
        parts = (original, true, shuffled - true, emptied - true)
        sums += [float(np.square(part, dtype=np.float64).sum()) for part in parts]
    sound, change, *differences = sums.tolist()
    return Effect(_level_db(change, sound), *(_level_db(difference, change) for difference in differences))


def _level_db(power: float, against: float) -> float:
    if power == 0 or against == 0:
        return NO_CHANGE_DB
    return max(NO_CHANGE_DB, float(10 * np.log10(power / against)))
