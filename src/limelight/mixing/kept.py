"""What a separator answered, kept on the disk: for rendering it need not be asked again.

    plan     sound ──► spectra ──► separator ──► masks or stems ──► features
                                                      └────► store
    render   sound ──► spectra ──────────────────────────► store ──► the same chunks

Masks are kept as numbers: an hour takes 213 MB, whatever the number of channels, or five times as much with a separator that
has a number for each bin. Stems are kept as samples at the separator's rate, all but effects, which are what is left: an
hour of stereo takes 2.8 GB. Spectra of the sound are quickly made anew. Either way memory holds a few seconds.

A mix from kept masks is the very mix of the separator. So is one from kept stems where gains do not move; where they move
while two chunks fade into each other it differs a little, since faded spectra are not quite a sound's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.stft import Bands, IstftStream, Spectra, StftConfig, StftStream
from limelight.errors import InputError
from limelight.mixing.separation import MASK_NUMBER, MaskedChunk, SeparatedChunk, StemsChunk, resampled
from limelight.models.card import Card
from limelight.types import STEMS, Samples

KEPT_STEMS = len(STEMS) - 1  # effects are what is left
SAMPLE = np.dtype(np.float32)


class Store(Protocol):
    """A place for bytes."""

    def add(self, data: bytes) -> None:
        """Put them behind what is there."""
        ...

    def read(self, first: int, count: int) -> bytes:
        """So many from a place on; fewer where there are no more."""
        ...


def stems_bytes(seconds: float, card: Card, channels: int) -> int:
    """Room that the stems of a soundtrack take on the disk."""
    return int(seconds * card.sample_rate * channels * KEPT_STEMS * SAMPLE.itemsize)


class KeptSeparation:
    """The answers of one soundtrack, in the order of time, in a store of bytes."""

    def __init__(self, store: Store, card: Card, *, stems: bool = True) -> None:
        """stems: whether stems are kept as well; masks always are."""
        self.card = card
        self.complete = True  # whether all that was separated is here
        self._store, self._config = store, StftConfig(card.n_fft, card.hop)
        self._bands = Bands.of(card.band_edges, card.n_fft)
        self._keeps_stems = stems
        self._kind: type[SeparatedChunk] | None = None  # of the first chunk: all others must be the same
        self._steps = 0
        self._back: IstftStream | None = None

    def keep(self, chunks: Iterable[SeparatedChunk]) -> Iterator[SeparatedChunk]:
        """The same chunks, put by."""
        for chunk in chunks:
            self._kind = self._kind or type(chunk)
            if type(chunk) is not self._kind or (self._kind is StemsChunk and not self._keeps_stems):
                self.complete = False
            elif isinstance(chunk, MaskedChunk):
                self._store.add(chunk.numbers.transpose(1, 0, 2).tobytes())  # [T, K, L]
            elif isinstance(chunk, StemsChunk):
                self._add_stems(chunk)
            self._steps += chunk.steps
            yield chunk
        if self._back and self.complete:
            self._add_samples(self._back.finish((self._steps - 1) * self._config.hop))

    def recall(self, blocks: Iterable[Samples], *, sample_rate: int, channels: int) -> Iterator[SeparatedChunk]:
        """Blocks [C, n] of the soundtrack that was separated to its chunks once more, cut otherwise.

        Raises InputError where there is more to hear than there was.
        """
        step, stft = 0, StftStream(channels, self._config)
        stems = _StoredStems(self._store, channels, self._config) if self._kind is StemsChunk else None
        for block in chain(resampled(blocks, sample_rate, self.card.sample_rate, channels), (None,)):
            spectra = stft.finish() if block is None else stft.push(block)
            parts = stems.next(block) if stems else None
            steps = spectra.shape[2]
            if steps:
                yield self._chunk(step, spectra, parts)
            step += steps

    def _chunk(self, step: int, spectra: Spectra, parts: NDArray[np.complex64] | None) -> SeparatedChunk:
        presence = np.full(spectra.shape[2], np.nan, np.float32)
        if parts is None:
            return MaskedChunk(step, spectra, presence, self._numbers(step, spectra.shape[2]), self._bands)
        of_sound = spectra.transpose(2, 0, 1)  # [T, C, F]
        return StemsChunk(step, spectra, presence, np.concatenate([parts, (of_sound - parts.sum(axis=0))[None]]))

    def _numbers(self, first: int, steps: int) -> NDArray[np.uint16]:
        """[K, T, L] of so many steps."""
        width = len(STEMS) * len(self._bands) * MASK_NUMBER.itemsize
        data = _read(self._store, first * width, steps * width)
        return np.frombuffer(data, MASK_NUMBER).reshape(steps, len(STEMS), -1).transpose(1, 0, 2)

    def _add_stems(self, chunk: StemsChunk) -> None:
        named = chunk.stems[:KEPT_STEMS]  # [K', T, C, F]
        channels = named.shape[0] * named.shape[2]
        self._back = self._back or IstftStream(channels, self._config)
        self._add_samples(self._back.push(named.transpose(0, 2, 3, 1).reshape(channels, named.shape[3], -1)))

    def _add_samples(self, samples: Samples) -> None:
        self._store.add(np.ascontiguousarray(samples.T, SAMPLE).tobytes())  # [n, K' C]


class _StoredStems:
    """Spectra of stored stems, in step with those of the sound."""

    def __init__(self, store: Store, channels: int, config: StftConfig) -> None:
        self._store, self._channels = store, channels
        self._stft = StftStream(KEPT_STEMS * channels, config)
        self._place = 0  # bytes

    def next(self, block: Samples | None) -> NDArray[np.complex64]:
        """[K', T, C, F] of as many samples as the block has; None: of the end."""
        spectra = self._stft.finish() if block is None else self._stft.push(self._samples(block.shape[1]))
        return spectra.reshape(KEPT_STEMS, self._channels, *spectra.shape[1:]).transpose(0, 3, 1, 2)

    def _samples(self, count: int) -> Samples:
        width = KEPT_STEMS * self._channels * SAMPLE.itemsize
        data = _read(self._store, self._place, count * width)
        self._place += count * width
        return np.frombuffer(data, SAMPLE).reshape(count, KEPT_STEMS * self._channels).T


def _read(store: Store, first: int, count: int) -> bytes:
    """Raises InputError where so much is not there."""
    data = store.read(first, count)
    if len(data) < count:
        raise InputError("cannot render the film: its sound is longer than when it was heard; leave it unchanged")
    return data
