"""From a plan to sound: what changes is computed at the separator's rate and added to the untouched original.

    y = m · ( x + R⁻¹[ iSTFT( Σ_k (10^(g_k/20) − 1) · S_k ) ] )

R resamples to the separator's rate, S_k are the stems' spectra, m is the make-up gain. Gains of zero change nothing, exactly;
the layout is the source's; what lies above the separator's band stays. Then the limiter. Stems come the same way, and sum
to the original by construction.

    plan ──► render ──► encode ──► file ──decode──► levels ─┬─ as asked for: done
              ▲                                            └─ off: make-up gain and limiter corrected, once more
              └──────────────────────────────────────────────

An encoder moves peaks by up to a decibel and more, so the levels that count are measured on the written file (`Delivery`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import ResampleStream, db_to_gain
from limelight.audio.loudness import Loudness, LoudnessMeter, dialogue_lufs
from limelight.audio.peaks import LimiterConfig, LimiterStream, TruePeakMeter
from limelight.audio.stft import IstftStream, StftConfig
from limelight.mixing.chunks import Originals, cut
from limelight.mixing.controls import LoudnessTarget, target_of
from limelight.mixing.features import SPEAKS
from limelight.mixing.plan import MixPlan, PlannedLoudness
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


CLOSE_LU = 0.15  # of the wished loudness is close enough
MOST_TIMES = 4  # a soundtrack is written
MOST_CHASE_DB = 1.0  # beyond what the plan has chased already: more would be flatter, not louder
LOSSY_MARGIN_DB = 0.5  # what encoders usually add to limited peaks
WITHIN_DB = (
    0.005  # over the ceiling is none: the limiter itself is only so exact, and writing again would only be softer
)
BEYOND_DB = 0.1  # taken off more than was over, so that the next time holds
BLOCK_SECONDS = 0.1


@dataclass(frozen=True)
class Levels:
    """Of a soundtrack; −inf is silence."""

    loudness_lufs: float
    range_lu: float
    true_peak_dbtp: float
    dialogue_lufs: float | None  # of the whole where somebody speaks; None where that is not known
    speech_share: float | None  # of the time

    def measured(self, target: LoudnessTarget) -> float:
        """What a target is compared with."""
        share = self.speech_share or 0.0
        gated = target.gated_at(share) and self.dialogue_lufs is not None
        return float(self.dialogue_lufs) if gated and self.dialogue_lufs is not None else self.loudness_lufs


def levels_before(planned: PlannedLoudness) -> Levels:
    """Of the original, as its plan tells them."""
    lufs, peak = planned.before_lufs, planned.true_peak_before_dbtp
    return Levels(
        -math.inf if lufs is None else lufs,
        planned.range_before_lu or 0.0,
        -math.inf if peak is None else peak,
        planned.dialogue_before_lufs,
        planned.speech_share,
    )


class LevelMeter:
    """Levels of blocks in whatever layout and rate they come; `presence`: of speech, every `step_seconds`."""

    def __init__(self, presence: list[float] | None, step_seconds: float) -> None:
        self._presence, self._step = presence, step_seconds
        self._loudness: LoudnessMeter | None = None
        self._peaks: TruePeakMeter | None = None

    def hear(self, block: Samples, sample_rate: int, layout: str) -> None:
        """The next block [C, n]."""
        if self._loudness is None or self._peaks is None:
            self._loudness, self._peaks = LoudnessMeter(sample_rate, layout), TruePeakMeter(len(block))
        self._loudness.push(block)
        self._peaks.push(block)

    def finish(self) -> Levels:
        """Of all that was heard; to be asked once."""
        if self._loudness is None or self._peaks is None:
            return Levels(-math.inf, 0.0, -math.inf, None, None)
        loudness, peak = self._loudness.finish(), self._peaks.finish()
        return Levels(loudness.integrated_lufs, loudness.range_lu, peak, *self._dialogue(loudness))

    def _dialogue(self, loudness: Loudness) -> tuple[float | None, float | None]:
        if self._presence is None or not loudness.block_powers.size:
            return None, None
        middles = (np.arange(loudness.block_powers.size) + 0.5) * BLOCK_SECONDS
        spoken = np.interp(middles, np.arange(len(self._presence)) * self._step, self._presence) > SPEAKS
        return dialogue_lufs(loudness.block_powers, spoken), float(spoken.mean())


@dataclass
class Delivery:
    """Hears what was written, and has it written again until it is as loud as wished and under its ceiling."""

    plan: MixPlan
    target: LoudnessTarget | None
    ceiling_dbtp: float
    limit_dbtp: float  # of the limiter, before the encoder
    blocks: Callable[[MixPlan, float], Iterable[Samples]]  # the sound of a plan under a limit
    levels: Levels | None = None
    _times: int = 1
    _chased_db: float = 0.0
    _meter: LevelMeter | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        plan: MixPlan,
        blocks: Callable[[MixPlan, float], Iterable[Samples]],
        *,
        true_peak_dbtp: float | None,
        lossy: bool,
        untouched: bool,
    ) -> Delivery:
        """What a plan asks for; true_peak_dbtp: another ceiling than its own; untouched: the original, only coded anew."""
        ceiling = plan.ceiling_dbtp if true_peak_dbtp is None else true_peak_dbtp
        target = None if untouched else target_of(plan.controls.loudness)
        limit = ceiling - LOSSY_MARGIN_DB if lossy else ceiling
        return cls(plan, target, math.inf if untouched else ceiling, limit, blocks)

    def hear(self, block: Samples, sample_rate: int, layout: str) -> None:
        """The next block [C, n] of the file."""
        self._meter = self._meter or LevelMeter(self.plan.speech_presence, self.plan.step_seconds)
        self._meter.hear(block, sample_rate, layout)

    def again(self) -> Iterable[Samples] | None:
        """Blocks for another time, or None."""
        meter, self._meter = self._meter or LevelMeter(None, 1.0), None
        self.levels = meter.finish()
        missing, over = self._missing_lu(self.levels), self.levels.true_peak_dbtp - self.ceiling_dbtp
        if (abs(missing) <= CLOSE_LU and over <= WITHIN_DB) or self._times >= MOST_TIMES:
            return None
        self._times += 1
        self._chased_db += missing
        self.plan = self.plan.model_copy(update={"makeup_db": round(self.plan.makeup_db + missing, 2) + 0.0})
        if over > WITHIN_DB:
            self.limit_dbtp -= over + BEYOND_DB
        return self.blocks(self.plan, self.limit_dbtp)

    @property
    def notes(self) -> list[str]:
        """What was wished and could not be reached."""
        if self.target is None or self.levels is None or not math.isfinite(self.levels.loudness_lufs):
            return []
        off = self.levels.measured(self.target) - self._wished(self.levels, self.target)
        if abs(off) <= 2 * CLOSE_LU:
            return []
        said = f"{off:+.1f} LU: more under {self.ceiling_dbtp:g} dBTP would only be flatter".replace("-", "−")
        return [f"the wished loudness is missed by {said}"]

    def _missing_lu(self, levels: Levels) -> float:
        """How much louder it should be; no more than can be had without flattening."""
        if self.target is None or not math.isfinite(levels.measured(self.target)):
            return 0.0
        missing = self._wished(levels, self.target) - levels.measured(self.target)
        return round(min(missing, MOST_CHASE_DB - self._chased_db), 2) if missing > 0 else missing

    @staticmethod
    def _wished(levels: Levels, target: LoudnessTarget) -> float:
        return target.lufs_at(levels.speech_share or 0.0)
