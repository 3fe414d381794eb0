"""The axis of frequency as masks have it: *bands*, one bin each where the ear is keen and then wider.

All bins of a band share one mask, so powers are summed over bands before masks weigh them, and masks are told bin by bin
only where spectra are multiplied: a fifth of the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Bands:
    """Neighbouring bins taken together."""

    edges: tuple[int, ...]  # bin numbers [L + 1], from 0 to F

    @classmethod
    def of(cls, edges: tuple[int, ...], n_fft: int) -> Bands:
        """Those of a card; one a bin where it tells none."""
        return cls(edges or tuple(range(n_fft // 2 + 2)))

    @classmethod
    def fine_below(cls, bins: int, *, bin_hertz: float, hertz: float = 3000.0, width: float = 0.026) -> Bands:
        """One bin each up to a frequency and then a constant share of it wide: about the ear's resolution."""
        edges = list(range(int(hertz / bin_hertz) + 1))
        while edges[-1] < bins:
            edges.append(min(bins, edges[-1] + max(1, round(width * edges[-1]))))
        return cls(tuple(edges))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def sums(self, values: Array) -> Array:
        """[…, F] to […, L]: powers or magnitudes of bins to those of bands."""
        if len(self) == values.shape[-1]:
            return values
        return np.add.reduceat(values, self.edges[:-1], axis=-1)

    def of_bins(self, values: Array) -> Array:
        """[…, L] to […, F]: each bin gets what its band has."""
        if len(self) == self.edges[-1]:
            return values
        return np.repeat(values, np.diff(self.edges), axis=-1)
