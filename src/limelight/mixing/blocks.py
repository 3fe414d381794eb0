"""Blocks of a soundtrack: remembered until they are needed again, and cut to another size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from limelight.types import Samples


class Originals:
    """Hands blocks [C, n] on and remembers them until they are taken."""

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = blocks
        self._kept: deque[Samples] = deque()
        self.samples = 0

    def __iter__(self) -> Iterator[Samples]:
        for block in self._blocks:
            self._kept.append(block)
            self.samples += block.shape[1]
            yield block

    def take(self, count: int) -> Samples:
        """The next `count` samples, [C, count]."""
        parts = []
        while count:
            block = self._kept.popleft()
            if block.shape[1] > count:
                self._kept.appendleft(block[:, count:])
                block = block[:, :count]
            parts.append(block)
            count -= block.shape[1]
        return np.concatenate(parts, axis=1)


def cut(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The same samples in blocks of `size`, but for the last: small enough for the cache, large enough to be worth it."""
    kept: list[Samples] = []
    count = 0
    for block in blocks:
        for first in range(0, block.shape[1], size):
            kept.append(block[:, first : first + size])
            count += kept[-1].shape[1]
            if count >= size:
                whole = np.concatenate(kept, axis=1)
                yield whole[:, :size]
                kept, count = [whole[:, size:]], count - size
    if count:
        yield np.concatenate(kept, axis=1)
