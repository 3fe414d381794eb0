"""What is measured of a film's sound: features of stems for the director, loudness and peaks for the plan.

What one hearing of a whole soundtrack leaves behind: a few hundred bytes a second, from which a mix is decided.

And what the loudness and the peaks of any mix of its stems will be, before there is one.

What the limiter will take off a mix before there is one, so that a plan can foretell its loudness.

From the peaks of the original, a hundred a second, and how much higher the gains make each. Ours: the limiter's own rule
(`audio.peaks`) on steps of 10 ms instead of half a millisecond.

    peak        p_i = peak of step i · how much higher it becomes
    reduction   r_i = max(0, p_i − ceiling) in dB, held for a step on either side, then released
    passed      Σ p_i² · 10^(−r_i / 10) / Σ p_i²   over the steps of a token: the share of its power that is left

The first pass over a soundtrack: how long, how loud, how peaky, before anything is decided.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import channel_weights, db_to_gain, downmix_weights, gain_to_db
from limelight.audio.loudness import LoudnessMeter, integrated_from_block_powers, k_weight_response
from limelight.audio.peaks import LimiterConfig, TruePeakMeter, decaying_maximum
from limelight.mixing.separation import SeparatedChunk
from limelight.models.card import Card
from limelight.types import Samples, StemFeatures, Vector

Array = NDArray[np.float32]
STEPS_PER_ROW = 4  # 85 ms
SPEAKS = 0.5  # presence over this is speech
AUDIBLE_LUFS, NOTICEABLE_DB = -60.0, 0.5  # of a stem, of a gain


def features_of(chunks: Iterable[SeparatedChunk], card: Card, *, layout: str) -> StemFeatures:
    """Hears everything once."""
    weights = _power_weights(card, layout)
    kept: list[tuple[Array, Array, Array]] = []
    rest: tuple[Array, Array, Array] | None = None  # steps that do not fill a row yet
    for chunk in chunks:  # one at least, also of nothing
        parts = (chunk.powers(weights), chunk.amplitudes(), chunk.presence)
        if rest is not None:
            parts = _joined(rest, parts)
        whole = parts[2].shape[-1] // STEPS_PER_ROW * STEPS_PER_ROW
        kept.append(_rows(tuple(part[..., :whole] for part in parts)))
        rest = tuple(part[..., whole:] for part in parts)  # type: ignore[assignment]
    if rest is not None and rest[2].shape[-1]:
        missing = STEPS_PER_ROW - rest[2].shape[-1]
        kept.append(_rows(tuple(_padded(part, missing) for part in rest)))
    powers, amplitudes, presence = (np.concatenate(parts, axis=-1) for parts in zip(*kept, strict=True))
    step = card.hop / card.sample_rate
    times = (np.arange(len(presence)) * STEPS_PER_ROW + (STEPS_PER_ROW - 1) / 2) * step
    return StemFeatures(
        np.asarray(times, np.float64),
        powers.astype(np.float64),
        amplitudes.astype(np.float64),
        presence.astype(np.float64),
    )


def mix_powers(heard: StemFeatures, gains_db: Vector) -> Vector:
    """Of the mix under gains [K, T]: Σ_kj g_k g_j P_kj, [T]."""
    gains = db_to_gain(gains_db)
    return np.asarray(np.maximum(np.einsum("kt,jt,kjt->t", gains, gains, heard.powers), 0))


def peaks_ratio(heard: StemFeatures, gains_db: Vector) -> Vector:
    """How much higher the peaks become under gains [K, T]: Σ_k g_k A_k / Σ_k A_k, [T]."""
    whole = np.maximum(heard.amplitudes.sum(axis=0), 1e-20)
    return np.asarray(np.einsum("kt,kt->t", db_to_gain(gains_db), heard.amplitudes) / whole)


def change_lu(heard: StemFeatures, gains_db: Vector, passed: Vector | float = 1.0) -> float:
    """How much louder gains [K, T], and a limiter that lets through a share of the power [T], make the whole.

    0 where nothing is to be heard. Compared at equal power: a mix turned far down would fall under the meter's absolute
    gate, and come back out of it with the make-up gain.
    """
    before, after = mix_powers(heard, np.zeros_like(gains_db)), mix_powers(heard, gains_db) * passed
    if not before.any() or not after.any():
        return 0.0
    lift = before.mean() / after.mean()
    change = integrated_from_block_powers(after * lift) - integrated_from_block_powers(before)
    return float(change - 10 * np.log10(lift)) if np.isfinite(change) else 0.0


def _power_weights(card: Card, layout: str) -> Array:
    """[C, F]: BS.1770's weights of channels and frequencies, and what makes |STFT|² a mean square."""
    hertz = np.arange(card.n_fft // 2 + 1) * card.sample_rate / card.n_fft
    frequency = k_weight_response(hertz) * 4 / card.n_fft**2
    return np.asarray(channel_weights(layout)[:, None] * frequency, np.float32)


def _rows(parts: tuple[Array, ...]) -> tuple[Array, Array, Array]:
    """Means over the steps of each row, [..., T] to [..., T / 4]."""
    powers, amplitudes, presence = (
        np.asarray(part.reshape(*part.shape[:-1], -1, STEPS_PER_ROW).mean(axis=-1)) for part in parts
    )
    return powers, amplitudes, presence


def _joined(before: tuple[Array, ...], after: tuple[Array, ...]) -> tuple[Array, Array, Array]:
    powers, amplitudes, presence = (np.concatenate(both, axis=-1) for both in zip(before, after, strict=True))
    return powers, amplitudes, presence


def _padded(values: Array, missing: int) -> Array:
    """Silence behind the end."""
    return np.concatenate([values, np.zeros((*values.shape[:-1], missing), np.float32)], axis=-1)


STEP_SECONDS = 0.01
SILENT = 1e-10
SIDES_LU = 3.01  # two equal channels over one


class PeakSteps:
    """Highest sample of each 10 ms over all channels, of a signal that comes in blocks."""

    def __init__(self, sample_rate: int) -> None:
        self._step = max(1, round(sample_rate * STEP_SECONDS))
        self._rest = np.zeros(0, np.float32)
        self._peaks = array("f")

    def push(self, block: Samples) -> None:
        """Take [C, n]."""
        highest = np.maximum(block.max(axis=0), -block.min(axis=0))
        highest = np.concatenate([self._rest, highest])
        whole = len(highest) // self._step * self._step
        self._peaks.frombytes(highest[:whole].reshape(-1, self._step).max(axis=1).astype(np.float32).tobytes())
        self._rest = highest[whole:].copy()

    def finish(self) -> NDArray[np.float32]:
        """All peaks, [M]."""
        return np.append(np.array(self._peaks), self._rest.max(initial=0))


def passed_power(peaks: Vector, tokens: NDArray[np.intp], count: int, *, ceiling_dbtp: float) -> Vector:
    """Share of the power that the limiter lets through in each of `count` tokens, [L], 0…1.

    peaks [M] are those of the mix before the limiter, tokens [M] tells to which token each belongs.
    """
    config = LimiterConfig(ceiling_dbtp=ceiling_dbtp)
    needed = np.maximum(gain_to_db(np.maximum(peaks, SILENT)) - ceiling_dbtp, 0.0)
    held = np.maximum(needed, np.maximum(np.append(needed[1:], 0.0), np.append(0.0, needed[:-1])))
    reduction = decaying_maximum(held, float(np.exp(-STEP_SECONDS / config.release_seconds)), 0.0)
    power = np.square(peaks) + SILENT**2
    kept = np.bincount(tokens, power * 10 ** (-reduction / 10), count)
    whole = np.bincount(tokens, power, count)
    return np.where(whole > 0, kept / np.maximum(whole, SILENT**2), 1.0)


@dataclass(frozen=True)
class Measurements:
    """What was measured; −inf is silence."""

    samples: int
    loudness_lufs: float
    range_lu: float
    true_peak_dbtp: float
    downmix_lufs: float  # of the mono downmix that a separator hears
    inverted: bool = False  # whether the two sides are each other's negative, so that their sum is silence
    peaks: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32), repr=False
    )  # of each 10 ms, [M]


OPPOSITE = -0.9  # correlation of the sides from which on their difference is heard


def measure_audio(blocks: Iterable[Samples], *, sample_rate: int, layout: str) -> Measurements:
    """Measures blocks [C, n] in constant memory, but for a hundred peaks a second."""
    weights = downmix_weights(layout)
    whole, mono = LoudnessMeter(sample_rate, layout), LoudnessMeter(sample_rate, "mono")
    true_peaks, peaks = TruePeakMeter(len(weights)), PeakSteps(sample_rate)
    samples, sides = 0, np.zeros((2, 2))
    for block in blocks:
        samples += block.shape[1]
        whole.push(block)
        mono.push((weights @ block)[None])
        true_peaks.push(block)
        peaks.push(block)
        if layout == "stereo":
            sides += block @ block.T
    loudness = whole.finish()
    inverted = bool(sides[0, 1] < OPPOSITE * np.sqrt(sides[0, 0] * sides[1, 1])) and sides[0, 1] < 0
    downmix_lufs = mono.finish().integrated_lufs
    return Measurements(
        samples,
        loudness.integrated_lufs,
        loudness.range_lu,
        true_peaks.finish(),
        loudness.integrated_lufs - SIDES_LU if inverted else downmix_lufs,  # their half difference is one side
        inverted,
        peaks.finish(),
    )
