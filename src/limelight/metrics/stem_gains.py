"""What gains on true stems explain of a signal: least squares, with one gain a stem, or gains that move.

    still     y ≈ Σ_k g_k s_k
    moving    y ≈ Σ_k g_k(t) s_k,   g_k(t) on straight lines between points 100 ms apart

          g_t ╲    ╱ g_t+1      within a segment a gain is (1 − u) g_t + u g_t+1, u from 0 to 1
               ╲  ╱             so only neighbours meet in the normal equations:
                ╲╱
                ╱╲              ⎡ D₀ U₀       ⎤
               ╱  ╲             ⎢ U₀ᵀ D₁ U₁   ⎥      blocks [K, K], solved from the front to the back
              ╱    ╲            ⎣    U₁ᵀ D₂ … ⎦

Ten points a second are as many as a mix plan has: what a plan can do is explained, what no plan can do is left over. Ours
alone; the papers have no such figure. A little is added to the diagonal, so that a silent stem has gain 0 and two equal
stems share: what is explained is short of the best by 90 dB or more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain, gain_to_db

Array = NDArray[np.float64]
Sound = NDArray[np.floating]

POINTS_PER_SECOND = 10
RIDGE = 1e-9  # of the stems' mean power


def validate_stems(signal: Sound, stems: Sound) -> None:
    """Raises ValueError where stems [K, …, N] are not those of a signal […, N], or are not finite."""
    if stems.ndim != signal.ndim + 1 or stems.shape[1:] != signal.shape or not stems.size:
        raise ValueError(f"stems [K, …, N] must fit their signal […, N], got {stems.shape} and {signal.shape}")
    if not (np.isfinite(stems).all() and np.isfinite(signal).all()):
        raise ValueError("metrics need finite samples, found NaN or infinity")


def still_gains(signal: Sound, stems: Sound) -> Array:
    """The one gain for each stem [K, …, N] that explains a signal […, N] best, amplitude ratios, [K]."""
    validate_stems(signal, stems)
    flat = stems.reshape(len(stems), -1).astype(np.float64)
    between = flat @ flat.T  # [K, K]
    return np.asarray(np.linalg.solve(between + _ridge(between), flat @ signal.ravel().astype(np.float64)))


def moving_gains(signal: Sound, stems: Sound, *, sample_rate: int, points_per_second: int = POINTS_PER_SECOND) -> Array:
    """Gains of stems [K, …, N] that explain a signal […, N] best, at 0, 0.1, 0.2 … seconds, amplitude ratios, [K, T]."""
    validate_stems(signal, stems)
    size = sample_rate // points_per_second
    return _Equations.of(_segments(stems, size), _segments(signal[None], size)[0], size).solved().T


def moved(stems: Sound, gains: Array, *, sample_rate: int) -> Array:
    """Stems [K, …, N] under gains [K, T] of `moving_gains`, [K, …, N]."""
    size = sample_rate // POINTS_PER_SECOND
    at = np.arange(stems.shape[-1]) / size
    points = np.arange(gains.shape[1])
    curves = np.stack([np.interp(at, points, curve) for curve in gains])  # [K, N]
    return np.asarray(stems * curves.reshape(len(stems), *(1,) * (stems.ndim - 2), -1))


def in_decibels(gains: Array, *, floor_db: float) -> Array:
    """Levels of amplitude ratios; what is turned over or gone is at the floor or above it by its size."""
    return np.asarray(gain_to_db(np.maximum(np.abs(gains), db_to_gain(floor_db))))


def _segments(stems: Sound, size: int) -> Array:
    """[K, …, N] cut into segments of `size`, its channels side by side, silence behind the end: [K, segments, C · size]."""
    K, N = len(stems), stems.shape[-1]
    count = max(1, -(-N // size))
    padded = np.zeros((K, stems[0].size // N, count * size))
    padded[:, :, :N] = stems.reshape(K, -1, N)
    return np.ascontiguousarray(padded.reshape(K, -1, count, size).swapaxes(1, 2)).reshape(K, count, -1)


@dataclass(frozen=True, repr=False)
class _Equations:
    """The normal equations of moving gains."""

    diagonal: Array  # [T, K, K], of the gains at one point
    across: Array  # [T − 1, K, K], of those at one point with those at the next
    right: Array  # [T, K]

    @classmethod
    def of(cls, stems: Array, goal: Array, size: int) -> _Equations:
        """From stems [K, segments, C · size] and what they are to explain, [segments, C · size]."""
        K, count, wide = stems.shape
        later = np.tile(np.arange(size) / size, wide // size)
        earlier = 1 - later
        diagonal, across, right = np.zeros((count + 1, K, K)), np.empty((count, K, K)), np.zeros((count + 1, K))
        for k in range(K):
            towards = stems[k] * goal
            right[:-1, k] += towards @ earlier
            right[1:, k] += towards @ later
            for j in range(k, K):
                product = stems[k] * stems[j]
                diagonal[:-1, k, j] += product @ (earlier * earlier)
                diagonal[1:, k, j] += product @ (later * later)
                across[:, k, j] = across[:, j, k] = product @ (earlier * later)
                diagonal[:, j, k] = diagonal[:, k, j]
        return cls(diagonal + _ridge(diagonal.mean(axis=0)), across, right)

    def solved(self) -> Array:
        """The gains [T, K]: points are eliminated from the front, then filled in from the back."""
        blocks, sides = self.diagonal.copy(), self.right.copy()
        for t, across in enumerate(self.across):
            carried = np.linalg.solve(blocks[t], np.column_stack([across, sides[t]]))  # [K, K + 1]
            blocks[t + 1] -= across.T @ carried[:, :-1]
            sides[t + 1] -= across.T @ carried[:, -1]
        found = np.empty_like(sides)
        found[-1] = np.linalg.solve(blocks[-1], sides[-1])
        for t in reversed(range(len(self.across))):
            found[t] = np.linalg.solve(blocks[t], sides[t] - self.across[t] @ found[t + 1])
        return found


def _ridge(between: Array) -> Array:
    """What is added to the diagonal; never nothing."""
    K = len(between)
    return np.asarray(np.eye(K) * (RIDGE * np.trace(between) / K + 1e-30))
