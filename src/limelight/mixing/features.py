"""What one hearing of a whole soundtrack leaves behind: a few hundred bytes a second, from which a mix is decided.

And what the loudness and the peaks of any mix of its stems will be, before there is one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from limelight.audio.k_weighting import k_weight_response
from limelight.audio.layouts import channel_weights, db_to_gain
from limelight.audio.loudness import integrated_from_block_powers
from limelight.mixing.separation import SeparatedChunk
from limelight.models.card import Card
from limelight.types import StemFeatures, Vector

Array = NDArray[np.float32]
STEPS_PER_ROW = 4  # 85 ms


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
