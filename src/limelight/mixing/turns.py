"""Where a film turns to something else. What lies on either side is heard and decided by itself: a model that learnt from
single scenes should not mix one by the picture of the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.stft import Spectra
from limelight.signals import Cues, Vector

SHORTEST_SECONDS = 3.0  # between two turns; the model wants a moment to judge
GLANCE_SECONDS = 5.0  # what is compared on either side
APART = 1.0  # Euclidean distance of the cues' means, each cue from 0 to 1; within a scene it is mostly less (EXPERIMENTS.md)


def turns_of(cues: Cues) -> tuple[float, ...]:
    """The cuts, in seconds, behind which the picture says something else than before; a cut within a scene is none."""
    turns: list[float] = []
    if len(cues.values) == 0:
        return ()
    for shot in cues.shots[1:]:
        cut, last = shot.start_seconds, turns[-1] if turns else 0.0
        before = _mean(cues, max(last, cut - GLANCE_SECONDS), cut)
        after = _mean(cues, cut, cut + GLANCE_SECONDS)
        if cut - last >= SHORTEST_SECONDS and float(np.linalg.norm(after - before)) > APART:
            turns.append(cut)
    return tuple(turns)


def _mean(cues: Cues, start_seconds: float, end_seconds: float) -> Vector:
    rows = rows_within(start_seconds, end_seconds, len(cues.values))
    return np.asarray(cues.values[rows].mean(axis=0, dtype=np.float64))


def rows_within(start_seconds: float, end_seconds: float, count: int) -> NDArray[np.int64]:
    """Numbers of the cues' rows, of `count`, whose second's middle lies in a stretch; one at least, if there are any."""
    first = min(math.ceil(start_seconds - 0.5), count - 1)
    last = min(math.ceil(end_seconds - 0.5), count)
    return np.arange(max(0, first), max(last, first + 1))


def at_turns(spectra: Iterable[Spectra], turns: Iterable[int]) -> Iterator[tuple[Spectra, bool]]:
    """Spectra [C, F, t]… cut at these steps; with each piece, whether something else begins behind it."""
    position, ahead = 0, sorted({turn for turn in turns if turn > 0}, reverse=True)
    for piece in spectra:
        while ahead and ahead[-1] < position + piece.shape[2]:
            count = ahead.pop() - position
            yield piece[:, :, :count], True
            piece, position = piece[:, :, count:], position + count
        yield piece, False
        position += piece.shape[2]
