"""A soundtrack taken apart: through any separator, chunk by chunk, on the separator's own grid of steps and bands.

Masks are rounded to 16 bits as soon as they are made, so that kept masks give the same sound as new ones. The separator
hears a mono downmix at one programme level; its masks hold for every channel.

What it answered is kept on the disk, so that for rendering it need not be asked again:

    plan     sound ──► spectra ──► separator ──► masks or stems ──► features
                                                      └────► store
    render   sound ──► spectra ──────────────────────────► store ──► the same chunks

Masks are kept as numbers: an hour takes 213 MB, whatever the number of channels, or five times as much with a separator that
has a number for each bin. Stems are kept as samples at the separator's rate, all but effects, which are what is left: an
hour of stereo takes 2.8 GB. A mix from kept masks is the very mix of the separator. So is one from kept stems where gains do
not move; where they move while two chunks fade into each other it differs a little: faded spectra are not quite a sound's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain, resampled
from limelight.audio.stft import Bands, IstftStream, Spectra, StftConfig, StftStream, whole_frames
from limelight.errors import InputError, ModelError
from limelight.mixing.chunks import AnyArray, ChunkPlan, in_chunks
from limelight.models.card import Card
from limelight.models.protocols import Separator
from limelight.types import STEMS, Chunk, Samples, Separation

Array = NDArray[np.float32]
MASK_NUMBER = np.dtype(np.uint16)
HIGHEST_NUMBER = 65_535  # stands for a mask of 1


class SeparatedChunk(ABC):
    """A stretch of steps that will not change any more: its spectra, and how they are shared out among the stems."""

    def __init__(self, first_step: int, spectra: Spectra, presence: Array) -> None:
        self.first_step = first_step
        self.spectra = spectra  # [C, F, T], of the channels at the separator's rate
        self.presence = presence  # [T]

    @property
    def steps(self) -> int:
        """T."""
        return int(self.spectra.shape[2])

    @abstractmethod
    def weighted(self, weights: Array, steps: slice) -> Spectra:
        """Σ_k w_k S_k over some steps, weights [K, T], [C, F, t]."""

    @abstractmethod
    def powers(self, weights: Array) -> Array:
        """Power of each stem and between each two, frequencies and channels weighted by [C, F], [K, K, T]."""

    @abstractmethod
    def amplitudes(self) -> Array:
        """Magnitudes of each stem, all bins and channels together, [K, T]."""


class MaskedChunk(SeparatedChunk):
    """Stems by masks, which are kept as numbers [K, T, L]."""

    def __init__(
        self, first_step: int, spectra: Spectra, presence: Array, numbers: NDArray[np.uint16], bands: Bands
    ) -> None:
        super().__init__(first_step, spectra, presence)
        self.numbers, self._bands = numbers, bands

    @property
    def masks(self) -> Array:
        """By band, [K, T, L]; they sum to 1 as nearly as their numbers allow."""
        return np.asarray(self.numbers * np.float32(1 / HIGHEST_NUMBER))

    def weighted(self, weights: Array, steps: slice) -> Spectra:
        masks = self.numbers[:, steps] * np.float32(1 / HIGHEST_NUMBER)
        of_bands = np.einsum("kt,ktl->tl", weights[:, steps], masks)
        return np.asarray(self.spectra[:, :, steps] * self._bands.of_bins(of_bands).T)

    def powers(self, weights: Array) -> Array:
        masks = self.masks
        stems, steps, bands = masks.shape
        power = np.zeros((steps, bands), np.float32)
        for channel, weight in zip(self.spectra, weights, strict=True):
            power += self._bands.sums(weight * squared_magnitude(channel.T))
        between = np.zeros((stems, stems, steps), np.float32)
        for k in range(stems):
            weighted = masks[k] * power
            for j in range(k, stems):
                between[k, j] = between[j, k] = np.einsum("tl,tl->t", weighted, masks[j])
        return between

    def amplitudes(self) -> Array:
        power = squared_magnitude(self.spectra[0].T)
        for channel in self.spectra[1:]:
            power += squared_magnitude(channel.T)
        return np.asarray(np.einsum("ktl,tl->kt", self.masks, self._bands.sums(np.sqrt(power, out=power))))


class StemsChunk(SeparatedChunk):
    """Stems as they are, by their spectra [K, T, C, F]; they sum to the sound's."""

    def __init__(self, first_step: int, spectra: Spectra, presence: Array, stems: NDArray[np.complex64]) -> None:
        super().__init__(first_step, spectra, presence)
        self.stems = stems

    def weighted(self, weights: Array, steps: slice) -> Spectra:
        return np.asarray(np.einsum("kt,ktcf->cft", weights[:, steps], self.stems[:, steps]), np.complex64)

    def powers(self, weights: Array) -> Array:
        scaled = self.stems * np.sqrt(weights)
        return np.asarray(np.einsum("jtcf,ktcf->jkt", scaled, scaled.conj()).real, np.float32)

    def amplitudes(self) -> Array:
        return np.asarray(np.sqrt(squared_magnitude(self.stems).sum(axis=2)).sum(axis=2))


def squared_magnitude(spectra: NDArray[np.complex64]) -> Array:
    """|X|²; without the root that np.abs would take, and take its time over."""
    return np.asarray(np.square(spectra.real) + np.square(spectra.imag))


def programme_scale(card: Card, mono_lufs: float) -> float:
    """What brings the downmix to the level at which the model was trained; silence is left alone."""
    if card.programme_lufs is None or mono_lufs <= -70:
        return 1.0
    return float(db_to_gain(np.clip(card.programme_lufs - mono_lufs, -60, 60)))


def separate(
    blocks: Iterable[Samples], separator: Separator, *, sample_rate: int, downmix: Array, mono_lufs: float
) -> Iterator[SeparatedChunk]:
    """Blocks [C, n] of a soundtrack to separated chunks, in order and without gaps.

    downmix: weights [C] of what the separator hears; mono_lufs: how loud that is. Raises ModelError where the separator
    answers in another shape than its card's.
    """
    card = separator.card
    bands, config = Bands.of(card.band_edges, card.n_fft), StftConfig(card.n_fft, card.hop)
    heard = (downmix * np.float32(programme_scale(card, mono_lufs))).astype(np.float32)

    overlap = card.overlap_samples or card.samples // 5
    plan = ChunkPlan(card.samples // card.hop, overlap // card.hop, card.hop, lead=card.n_fft // (2 * card.hop))

    def answer(samples: Samples, first_step: int) -> tuple[AnyArray, ...]:
        found = separator.separate(Chunk(samples, first_step * card.hop / card.sample_rate, heard))
        steps = samples.shape[1] // card.hop - plan.reach
        return _checked(found, steps, samples, bands, config, name=card.name)

    at_rate = resampled(blocks, sample_rate, card.sample_rate, len(downmix))
    for done in in_chunks(at_rate, plan, len(downmix), answer, axes=(0, 1)):
        presence, parts = done.answers
        spectra = whole_frames(done.samples, config)
        if parts.ndim == STEM_SPECTRA_DIMENSIONS:
            yield StemsChunk(done.first_step, spectra, presence, parts)
        else:
            yield MaskedChunk(done.first_step, spectra, presence, numbers_of(parts), bands)


STEM_SPECTRA_DIMENSIONS = 4


def _checked(
    found: Separation, steps: int, samples: Samples, bands: Bands, config: StftConfig, *, name: str
) -> tuple[AnyArray, ...]:
    """Presence [T] with masks [K, T, L] or spectra of stems [K, T, C, F]."""
    parts: AnyArray | None = found.masks
    wished: tuple[int, ...] = (len(STEMS), steps, len(bands))
    if found.stems is not None:
        parts = np.stack([whole_frames(stem, config).transpose(2, 0, 1) for stem in found.stems])
        wished = (len(STEMS), steps, len(samples), config.bins)
    if parts is None or parts.shape != wished or found.presence.shape != (steps,) or not np.isfinite(parts).all():
        raise ModelError(
            f"Wanted {len(STEMS)} stems over {steps} steps of the separator {name}, got another shape or no numbers; "
            "use another separator."
        )
    return found.presence, parts


def numbers_of(masks: Array) -> NDArray[np.uint16]:
    """Masks 0…1 as 16-bit numbers of even steps: none moves by more than −102 dB.

    16-bit floats would take the same room and be coarser from 1/16 on.
    """
    numbers: NDArray[np.uint16] = np.rint(masks * np.float32(HIGHEST_NUMBER)).astype(MASK_NUMBER)
    return numbers


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
