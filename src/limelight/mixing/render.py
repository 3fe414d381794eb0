"""From a plan to sound: what changes is computed at the separator's rate and added to the untouched original.

    y = m · ( x + R⁻¹[ iSTFT( Σ_k (10^(g_k/20) − 1) · S_k ) ] )

R resamples to the separator's rate, S_k are the stems' spectra, m is the make-up gain. Gains of zero change nothing, exactly;
the layout is the source's; what lies above the separator's band stays. Then the limiter. Stems come the same way, and sum
to the original by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream, db_to_gain
from limelight.audio.peaks import LimiterConfig, LimiterStream
from limelight.audio.stft import IstftStream, StftConfig
from limelight.mixing.chunks import Originals, cut
from limelight.mixing.plan import MixPlan
from limelight.mixing.separation import Array, SeparatedChunk
from limelight.models.card import Card
from limelight.types import STEMS, Samples

# How sound becomes separated chunks: by the separator, or by what is kept of an earlier hearing.
ChunkSource = Callable[[Iterable[Samples]], Iterator[SeparatedChunk]]
# Which signals are wanted of a chunk: a weight [K, T] of its stems for each.
Weigh = Callable[[SeparatedChunk], Sequence[Array]]
LIMITER_SAMPLES = 16_384
BATCH_STEPS = 64  # what is in hand at once stays in the cache


def render(
    blocks: Iterable[Samples], plan: MixPlan, source: ChunkSource, card: Card, *, true_peak_dbtp: float | None = None
) -> Iterator[Samples]:
    """The mix of a plan, block by block, [C, n]; as many samples as came in. Finite, under the ceiling in dBTP.

    card: of the separator whose chunks the source gives.
    """
    if plan.changes_nothing and true_peak_dbtp is None:  # the original is not ours to limit
        yield from blocks
        return
    ceiling = plan.ceiling_dbtp if true_peak_dbtp is None else true_peak_dbtp
    loud = mixed(blocks, plan, source, card)
    yield from limited(loud, sample_rate=plan.source.sample_rate, true_peak_dbtp=ceiling)


def limited(blocks: Iterable[Samples], *, sample_rate: int, true_peak_dbtp: float) -> Iterator[Samples]:
    """The same blocks [C, n], cut anew, under a ceiling in dBTP."""
    limiter: LimiterStream | None = None
    for block in cut(blocks, LIMITER_SAMPLES):
        limiter = limiter or LimiterStream(sample_rate, len(block), LimiterConfig(ceiling_dbtp=true_peak_dbtp))
        yield limiter.push(block)
    if limiter:
        yield limiter.finish()


def mixed(blocks: Iterable[Samples], plan: MixPlan, source: ChunkSource, card: Card) -> Iterator[Samples]:
    """The mix before the limiter."""
    times, curves = plan.times_seconds, plan.curves_db  # once: a long film has hundreds of chunks

    def weigh(chunk: SeparatedChunk) -> Sequence[Array]:
        seconds = (chunk.first_step + np.arange(chunk.steps)) * card.hop / card.sample_rate
        change = db_to_gain([np.interp(seconds, times, curve) for curve in curves]) - 1  # [K, T]
        return [change.astype(np.float32)]

    makeup = np.float32(db_to_gain(plan.makeup_db))
    for original, changes in weighted(blocks, source, weigh, card, plan.source.sample_rate):
        yield makeup * (original + changes[0])


def stems(
    blocks: Iterable[Samples], source: ChunkSource, card: Card, *, sample_rate: int
) -> Iterator[NDArray[np.float32]]:
    """Speech, music and effects, block by block, [K, C, n]; their sum is the original."""
    alone = np.eye(len(STEMS), dtype=np.float32)[:-1, :, None]

    def weigh(chunk: SeparatedChunk) -> Sequence[Array]:
        return [np.repeat(one, chunk.steps, axis=1) for one in alone]

    for original, parts in weighted(blocks, source, weigh, card, sample_rate):
        yield np.concatenate([parts, (original - parts.sum(axis=0))[None]])


def weighted(
    blocks: Iterable[Samples], source: ChunkSource, weigh: Weigh, card: Card, sample_rate: int
) -> Iterator[tuple[Samples, NDArray[np.float32]]]:
    """The original and the wanted signals, in step: [C, n] and [S, C, n]."""
    originals = Originals(blocks)
    outputs: list[_Output] = []
    for chunk in source(originals):
        weights = weigh(chunk)
        outputs = outputs or [_Output(card, sample_rate, len(chunk.spectra)) for _ in weights]
        ready = np.stack([out.push(chunk, w) for out, w in zip(outputs, weights, strict=True)])
        if ready.shape[2]:
            yield originals.take(ready.shape[2]), ready
    if outputs:
        rest = np.stack([out.finish(originals.samples) for out in outputs])
        if rest.shape[2]:
            yield originals.take(rest.shape[2]), rest


class _Output:
    """Spectra at the separator's rate back to samples at the source's."""

    def __init__(self, card: Card, sample_rate: int, channels: int) -> None:
        self._rates = (sample_rate, card.sample_rate)
        self._istft = IstftStream(channels, StftConfig(card.n_fft, card.hop))
        self._resampler = ResampleStream(card.sample_rate, sample_rate, channels)
        self._given = 0

    def push(self, chunk: SeparatedChunk, weights: Array) -> Samples:
        """A chunk, its stems weighted by [K, T]."""
        parts = []
        for first in range(0, chunk.steps, BATCH_STEPS):
            spectra = chunk.weighted(weights, slice(first, min(first + BATCH_STEPS, chunk.steps)))
            parts.append(self._resampler.push(self._istft.push(spectra)))
        ready = np.concatenate(parts, axis=1)
        self._given += ready.shape[1]
        return ready

    def finish(self, samples: int) -> Samples:
        """The rest, so that all that was given makes `samples`."""
        source_rate, model_rate = self._rates
        at_model = (2 * samples * model_rate + source_rate) // (2 * source_rate)
        tail = self._resampler.push(self._istft.finish(at_model))
        tail = np.concatenate([tail, self._resampler.finish()], axis=1)
        owed = samples - self._given
        return np.pad(tail[:, :owed], ((0, 0), (0, max(0, owed - tail.shape[1]))))
