"""From a plan to sound: what changes is computed at the model's rate and added to the untouched original.

    y = m · ( x + R⁻¹[ iSTFT( Σ_k (10^(g_k/20) − 1) · M_k · STFT(R[x]) ) ] )

R resamples to the model's rate, m is the make-up gain. Gains of zero change nothing, exactly; the layout is the source's;
what lies above the model's band stays. Then the limiter. Stems come the same way, and sum to the original by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain
from limelight.audio.limiter import LimiterConfig, LimiterStream
from limelight.audio.resample import ResampleStream
from limelight.audio.stft import IstftStream, Spectra, StftConfig
from limelight.mixing.blocks import Originals, cut
from limelight.mixing.masks import KeptMasks
from limelight.mixing.plan import MixPlan
from limelight.mixing.separation import Lines, Passage, hear
from limelight.models.card import ModelCard
from limelight.models.separator import Model
from limelight.types import Samples

# How sound becomes passages: by the model, or by what is kept of an earlier hearing.
Ear = Callable[[Iterable[Samples]], Iterator[Passage]]
# What of the spectra is wanted: a passage to one weight per line and wanted signal, [S, T, N].
Weigh = Callable[[Passage], NDArray[np.float32]]
LIMITER_SAMPLES = 16_384
BATCH_STEPS = 64  # what is in hand at once stays in the cache


def render(
    blocks: Iterable[Samples],
    plan: MixPlan,
    model: Model,
    *,
    kept: KeptMasks | None = None,
    true_peak_dbtp: float | None = None,
) -> Iterator[Samples]:
    """The mix of a plan, block by block, [C, n]; as many samples as came in. Finite, under the ceiling in dBTP.

    kept: the masks, where the soundtrack was heard before; the model is not asked then, and the mix is the same.
    """
    if plan.changes_nothing:  # the original is not ours to limit
        yield from blocks
        return
    ceiling = plan.controls.true_peak_dbtp if true_peak_dbtp is None else true_peak_dbtp
    loud = mixed(blocks, plan, model, kept=kept)
    yield from limited(loud, sample_rate=plan.source.sample_rate, true_peak_dbtp=ceiling)


def limited(blocks: Iterable[Samples], *, sample_rate: int, true_peak_dbtp: float) -> Iterator[Samples]:
    """The same blocks [C, n], cut anew, under a ceiling in dBTP."""
    limiter: LimiterStream | None = None
    for block in cut(blocks, LIMITER_SAMPLES):
        limiter = limiter or LimiterStream(sample_rate, len(block), LimiterConfig(ceiling_dbtp=true_peak_dbtp))
        yield limiter.push(block)
    if limiter:
        yield limiter.finish()


def mixed(
    blocks: Iterable[Samples], plan: MixPlan, model: Model, *, kept: KeptMasks | None = None
) -> Iterator[Samples]:
    """The mix before the limiter."""
    card = model.card
    times, curves = plan.times_seconds, plan.curves_db  # once: a long film has hundreds of passages

    def weigh(passage: Passage) -> NDArray[np.float32]:
        seconds = (passage.first_step + np.arange(passage.spectra.shape[2])) * card.hop / card.sample_rate
        change = db_to_gain([np.interp(seconds, times, curve) for curve in curves]) - 1  # [K, T]
        return np.asarray(np.einsum("kt,ktn->tn", change.astype(np.float32), passage.masks))[None]

    makeup = np.float32(db_to_gain(plan.makeup_db))
    for original, changes in weighted(blocks, _ear(plan, model, kept), weigh, card, plan.source.sample_rate):
        yield makeup * (original + changes[0])


def _ear(plan: MixPlan, model: Model, kept: KeptMasks | None) -> Ear:
    rate, layout = plan.source.sample_rate, plan.source.layout
    if kept:
        return partial(kept.recall, sample_rate=rate, layout=layout)
    downmix_lufs = -np.inf if plan.loudness.downmix_lufs is None else plan.loudness.downmix_lufs
    return partial(
        hear,
        model=model,
        sample_rate=rate,
        layout=layout,
        mono_lufs=downmix_lufs,
        direct=None,
        turns_seconds=plan.turns_seconds,
    )


def stems(
    blocks: Iterable[Samples], model: Model, *, sample_rate: int, layout: str, mono_lufs: float
) -> Iterator[NDArray[np.float32]]:
    """Speech, music and effects, block by block, [K, C, n]; their sum is the original."""
    ear = partial(hear, model=model, sample_rate=sample_rate, layout=layout, mono_lufs=mono_lufs, direct=None)
    for original, parts in weighted(blocks, ear, lambda passage: passage.masks[:-1], model.card, sample_rate):
        yield np.concatenate([parts, (original - parts.sum(axis=0))[None]])


def weighted(blocks: Iterable[Samples], ear: Ear, weigh: Weigh, card: ModelCard, sample_rate: int) -> Iterator[_Piece]:
    """The original and the wanted signals, in step: [C, n] and [S, C, n]."""
    originals, lines = Originals(blocks), Lines.of(card)
    outputs: list[_Output] = []
    for passage in ear(originals):
        weights = lines.of_bins(weigh(passage))  # [S, T, F]
        outputs = outputs or [_Output(card, sample_rate, len(passage.spectra)) for _ in weights]
        ready = np.stack([out.push(passage.spectra, w) for out, w in zip(outputs, weights, strict=True)])
        if ready.shape[2]:
            yield originals.take(ready.shape[2]), ready
    if outputs:
        rest = np.stack([out.finish(originals.samples) for out in outputs])
        if rest.shape[2]:
            yield originals.take(rest.shape[2]), rest


_Piece = tuple[Samples, NDArray[np.float32]]


class _Output:
    """Spectra at the model's rate back to samples at the source's."""

    def __init__(self, card: ModelCard, sample_rate: int, channels: int) -> None:
        self._rates = (sample_rate, card.sample_rate)
        self._istft = IstftStream(channels, StftConfig(card.n_fft, card.hop))
        self._resampler = ResampleStream(card.sample_rate, sample_rate, channels)
        self._given = 0

    def push(self, spectra: Spectra, weights: NDArray[np.float32]) -> Samples:
        """Spectra [C, F, T], each bin weighted by [T, F]."""
        parts = []
        for first in range(0, len(weights), BATCH_STEPS):
            batch = slice(first, first + BATCH_STEPS)
            parts.append(self._resampler.push(self._istft.push(spectra[:, :, batch] * weights[batch].T)))
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
