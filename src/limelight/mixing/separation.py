"""A soundtrack taken apart: through any separator, chunk by chunk, on the separator's own grid of steps and bands.

Masks are rounded to 16 bits as soon as they are made, so that kept masks give the same sound as new ones. The separator
hears a mono downmix at one programme level; its masks hold for every channel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream, channel_names, db_to_gain
from limelight.audio.stft import Bands, Spectra, StftConfig, whole_frames
from limelight.errors import ModelError
from limelight.mixing.chunks import AnyArray, ChunkPlan, in_chunks
from limelight.models.card import Card
from limelight.models.protocols import Chunk, Separation, Separator
from limelight.types import STEMS, Samples

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


def downmix_weights(layout: str, *, inverted: bool = False) -> Array:
    """How much of each channel reaches a model's mono ear, [C]: all alike, but nothing of the low-frequency effects.

    inverted: the right side has the left one's sign turned round, so that their sum would be silence; their difference
    is heard.
    """
    names = channel_names(layout)
    weights = np.array([name not in ("LFE", "LFE2") for name in names], np.float32)
    if inverted:
        weights *= np.array([-1 if name.endswith("R") else 1 for name in names], np.float32)
    return weights / max(1.0, float(np.abs(weights).sum()))


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


def resampled(blocks: Iterable[Samples], sample_rate: int, wanted: int, channels: int) -> Iterator[Samples]:
    """Blocks [C, n] at another rate."""
    resampler = ResampleStream(sample_rate, wanted, channels)
    for block in blocks:
        yield resampler.push(block)
    yield resampler.finish()


def numbers_of(masks: Array) -> NDArray[np.uint16]:
    """Masks 0…1 as 16-bit numbers of even steps: none moves by more than −102 dB.

    16-bit floats would take the same room and be coarser from 1/16 on.
    """
    numbers: NDArray[np.uint16] = np.rint(masks * np.float32(HIGHEST_NUMBER)).astype(MASK_NUMBER)
    return numbers
