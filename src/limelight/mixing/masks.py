"""The masks of a soundtrack that was heard once, kept on the disk: for rendering the model need not be asked again.

    plan     sound ──► spectra ──► model ──► masks ──► gains
                                               └────────► store
    render   sound ──► spectra ────────────────────────► store ──► the same passages

Spectra are quickly made anew and would take 13 times the room. An hour of masks takes 213 MB, whatever the number of
channels; five times as much with a model that has a number for each bin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from limelight.errors import InputError
from limelight.mixing.separation import MASK_NUMBER, Lines, Numbers, Passage, spectra_of
from limelight.models.card import ModelCard
from limelight.types import STEMS, Samples


class Store(Protocol):
    """A place for bytes."""

    def add(self, data: bytes) -> None:
        """Put them behind what is there."""
        ...

    def read(self, first: int, count: int) -> bytes:
        """So many from a place on; fewer where there are no more."""
        ...


class KeptMasks:
    """The masks of one soundtrack, step by step, in the order of time."""

    def __init__(self, store: Store, card: ModelCard) -> None:
        self.card = card
        self._store = store

    def keep(self, passages: Iterable[Passage]) -> Iterator[Passage]:
        """The same passages, their masks put by."""
        for passage in passages:
            self._store.add(passage.numbers.transpose(1, 0, 2).tobytes())  # [T, K, N]
            yield passage

    def recall(self, blocks: Iterable[Samples], *, sample_rate: int, layout: str) -> Iterator[Passage]:
        """Blocks [C, n] of the soundtrack that was heard to its passages once more, cut otherwise and without gains.

        Raises InputError where there is more to hear than there was.
        """
        step = 0
        for spectra in spectra_of(blocks, self.card, sample_rate=sample_rate, layout=layout):
            steps = spectra.shape[2]
            if steps:
                gains = np.zeros((-(-steps // self.card.steps_per_token), len(STEMS)), np.float32)
                yield Passage(step, spectra, self._numbers(step, steps), gains)
            step += steps

    def _numbers(self, first: int, steps: int) -> Numbers:
        """[K, T, N] of so many steps."""
        width = len(STEMS) * len(Lines.of(self.card)) * MASK_NUMBER.itemsize
        data = self._store.read(first * width, steps * width)
        if len(data) < steps * width:
            raise InputError("cannot render the film: its sound is longer than when it was heard; leave it unchanged")
        return np.frombuffer(data, MASK_NUMBER).reshape(steps, len(STEMS), -1).transpose(1, 0, 2)
