"""The axis of frequency as a model's masks have it: *lines*, one bin each where the ear is keen and then wider.

All bins of a line share one mask, so powers are summed over lines before masks weigh them, and masks are told bin by
bin only where spectra are multiplied: a fifth of the numbers. The NumPy twin of `networks/lines.py`, but for the places
of the edges, which the model's card tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.runtime.card import ModelCard

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Lines:
    """Neighbouring bins taken together."""

    edges: tuple[int, ...]  # bin numbers [N + 1], from 0 to F

    @classmethod
    def of(cls, card: ModelCard) -> Lines:
        """Those of a model; one a bin where its card tells none."""
        return cls(card.line_edges or tuple(range(card.n_fft // 2 + 2)))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def sums(self, values: Array) -> Array:
        """[…, F] to […, N]: powers or magnitudes of bins to those of lines."""
        if len(self) == values.shape[-1]:
            return values
        return np.add.reduceat(values, self.edges[:-1], axis=-1)

    def of_bins(self, values: Array) -> Array:
        """[…, N] to […, F]: each bin gets what its line has."""
        if len(self) == self.edges[-1]:
            return values
        return np.repeat(values, np.diff(self.edges), axis=-1)
