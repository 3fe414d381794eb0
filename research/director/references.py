"""What a director is held against: nothing done, and the best still gains on the same stems, which a separator allows.

The oracle is told the wished mix of each scene. It seeks two shifts (speech against the rest, music against effects) on the
separator's own grid, and gets three starting points, so what it finds is nearly the best.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from limelight.audio.stft import Bands, StftConfig
from limelight.metrics.finished import best_gain
from limelight.models.card import Card, plain_card
from limelight.types import STEMS, Cues, Decision, StemFeatures
from research.director.heard import Heard, spectra_of

EVERY = 5  # steps
LARGEST_DB = 15.0
MOVES = np.array([[0.5, 0.0], [-0.5, 0.5], [-0.5, -0.5]])  # of speech, music, effects: two shifts
STARTS_DB = ((0.0, 0.0), (12.0, 0.0), (-12.0, 0.0), (0.0, 12.0), (0.0, -12.0))


class DoNothing:
    """Leaves all as it is."""

    @property
    def card(self) -> Card:
        return plain_card("nothing", "director")

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        return Decision(np.zeros((len(STEMS), len(heard.times_seconds))))


class Oracle:
    """The best still gains of each scene; made anew for each case."""

    def __init__(self, heard: Heard) -> None:
        self._gains_db = np.zeros((len(STEMS), heard.chunk.steps))
        if heard.case.good:
            return
        for steps, given, wished in scenes_of(heard):
            shifts = best_shifts(given, wished)
            self._gains_db[:, steps] = (MOVES @ shifts)[:, None]

    @property
    def card(self) -> Card:
        return plain_card("oracle", "director")

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        rows = np.linspace(0, self._gains_db.shape[1] - 1, len(heard.times_seconds)).astype(int)
        return Decision(self._gains_db[:, rows])


def scenes_of(heard: Heard) -> Iterator[tuple[slice, NDArray[np.float32], NDArray[np.float32]]]:
    """Steps of each scene, magnitudes of its stems [K, t, F] and of the wished mix [t, F], on every few steps."""
    card, case = heard.card, heard.case
    bands = Bands.of(card.band_edges, card.n_fft)
    mixture = np.abs(heard.spectra[0].T)
    wished = np.abs(spectra_of(case.wished, StftConfig(card.n_fft, card.hop))[0].T)[: len(mixture)]
    edges = [round(s * card.sample_rate / card.hop) for s in (0.0, *case.cuts_seconds)]
    for first, last in pairwise([*edges, len(mixture)]):
        chosen = np.arange(first, last, EVERY)
        if len(chosen):
            masks = bands.of_bins(heard.chunk.masks[:, chosen])  # type: ignore[attr-defined]
            yield slice(first, last), masks * mixture[chosen], wished[chosen]


def best_shifts(stems: NDArray[np.float32], wished: NDArray[np.float32]) -> NDArray[np.float64]:
    """The two shifts in dB after which the mix comes nearest to the wished one, [2]."""

    def cost(shifts: NDArray[np.float64]) -> float:
        gains = 10 ** (np.clip(MOVES @ shifts, -LARGEST_DB, LARGEST_DB) / 20)
        made = np.tensordot(gains.astype(np.float32), stems, axes=1)
        return float(np.abs(np.float32(_gain(made, wished)) * made - wished).sum())

    started = sorted(STARTS_DB, key=lambda start: cost(np.array(start)))[0]
    found = minimize(cost, started, method="Nelder-Mead", options={"xatol": 0.3, "fatol": 1e-4, "maxiter": 40})
    return np.asarray(found.x) if found.fun < cost(np.zeros(2)) else np.zeros(2)


def _gain(made: NDArray[np.float32], wished: NDArray[np.float32]) -> float:
    return best_gain(made[:, ::3], wished[:, ::3])
