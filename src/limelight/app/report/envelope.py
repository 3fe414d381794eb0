"""The shape of a soundtrack: peak and root mean square in so many columns, in one pass and constant memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limelight.signals import Samples, Vector

MOST_COLUMNS = 1200


@dataclass(frozen=True)
class Envelope:
    """Column k of K covers the samples from k · N / K to (k + 1) · N / K."""

    peak: Vector  # [K], the highest |x| of all channels
    rms: Vector  # [K], of the loudest channel: empty surround channels would make every film look quiet


class EnvelopeMeter:
    """Measures [C, N] of about so many samples; what comes after them counts to the last column."""

    def __init__(self, samples: int, channels: int) -> None:
        self._total = max(1, samples)
        self._columns = min(MOST_COLUMNS, self._total)
        self._peak = np.zeros(self._columns)
        self._power = np.zeros((channels, self._columns))
        self._count = np.zeros(self._columns)
        self._seen = 0

    def push(self, block: Samples) -> None:
        """Take [C, n]."""
        n = block.shape[1]
        if n == 0:
            return
        first, last = self._column(self._seen), self._column(self._seen + n - 1)
        columns = np.arange(first, last + 1)
        edges = np.maximum(-(-columns * self._total // self._columns) - self._seen, 0)  # where each begins in the block
        self._peak[columns] = np.maximum(self._peak[columns], np.maximum.reduceat(np.abs(block).max(axis=0), edges))
        self._power[:, columns] += np.add.reduceat(np.square(block, dtype=np.float64), edges, axis=1)
        self._count[columns] += np.diff(np.append(edges, n))
        self._seen += n

    def finish(self) -> Envelope:
        """What was measured; columns that nothing fell into are silent."""
        return Envelope(self._peak, np.sqrt(self._power.max(axis=0) / np.maximum(self._count, 1)))

    def _column(self, sample: int) -> int:
        return min(self._columns - 1, sample * self._columns // self._total)
