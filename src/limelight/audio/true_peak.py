"""True peak: the highest point of the wave between its samples, ITU-R BS.1770-5, Annex 2.

The signal is read at four times its rate. The interpolator is a sinc under a Kaiser window,

    x(n + p/4) ≈ Σ_k h_p[k] · x[n + k],   h_p[k] = sinc(p/4 − k) · kaiser((p/4 − k) / REACH),   −REACH < k ≤ REACH

with h_0 the identity. 48 taps a phase (the standard's example has 12) keep it within 0.003 dB to 20 kHz and 0.06 dB to
22 kHz at a rate of 48 kHz. For a block of B samples it is one matrix product, Toeplitz [B + 2·REACH, 3·B]: 189
multiplications a sample more than needed, and still faster in NumPy than a convolution.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.audio.layouts import gain_to_db
from limelight.types import Samples

OVERSAMPLING = 4
REACH = 24  # samples that an interpolated point sees on each side
_KAISER_BETA = 7.0
_METER_BLOCK = 32
_BATCH_BLOCKS = 256  # keeps a batch of interpolated points in the cache


def interpolator(phase: int) -> NDArray[np.float64]:
    """Taps [2 · REACH] for the point `phase` quarters behind a sample, for k = 1 − REACH … REACH."""
    distance = phase / OVERSAMPLING - np.arange(1 - REACH, REACH + 1)
    taps = np.sinc(distance) * np.i0(_KAISER_BETA * np.sqrt(1 - np.square(distance / REACH)))
    return np.asarray(taps / taps.sum())


@lru_cache(maxsize=8)
def _toeplitz(block: int) -> NDArray[np.float32]:
    """From the samples around a block [block + 2 · REACH − 1] to the points between them, [3 · block]."""
    matrix = np.zeros((block + 2 * REACH - 1, OVERSAMPLING - 1, block), np.float32)
    for phase in range(1, OVERSAMPLING):
        for n in range(block):
            matrix[n : n + 2 * REACH, phase - 1, n] = interpolator(phase)
    return matrix.reshape(len(matrix), -1)


@lru_cache(maxsize=1)
def largest_overshoot() -> float:
    """How far above the samples it sees an interpolated point can possibly lie, as a ratio: max_p Σ_k |h_p[k]|."""
    return max(float(np.abs(interpolator(phase)).sum()) for phase in range(1, OVERSAMPLING))


def block_true_peaks(samples: Samples, block: int, *, floor: float = 0.0) -> NDArray[np.float32]:
    """Highest |x| at four times the rate in each block: [C, T · block + 2 · REACH − 1] → [C, T].

    The first block starts REACH − 1 samples in; the margin on both sides is what its interpolated points see. Blocks
    that cannot reach above `floor`, which are most of them, are answered by their highest sample.
    """
    width = block + 2 * REACH - 1
    around = sliding_window_view(samples, width, axis=1)[:, ::block]  # [C, T, width]
    peaks, bound = _sample_peaks(samples, block, around.shape[1])
    doubtful = bound * np.float32(largest_overshoot()) > floor
    for channel, rows in enumerate(doubtful):
        numbers = np.flatnonzero(rows)
        for first in range(0, len(numbers), _BATCH_BLOCKS):
            batch = numbers[first : first + _BATCH_BLOCKS]
            between = around[channel, batch] @ _toeplitz(block)
            peaks[channel, batch] = np.maximum(peaks[channel, batch], np.abs(between, out=between).max(axis=1))
    return peaks


def _sample_peaks(samples: Samples, block: int, blocks: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Highest |sample| of each block, and of all that its interpolated points see (or more), both [C, T]."""
    size = np.abs(samples)
    end = REACH - 1 + blocks * block
    peaks = size[:, REACH - 1 : end].reshape(len(size), blocks, block).max(axis=2)
    before = size[:, : REACH - 1].max(axis=1, keepdims=True)
    after = size[:, end:].max(axis=1, keepdims=True)
    reach = -(-REACH // block)  # in blocks
    padded = np.concatenate([np.repeat(before, reach, axis=1), peaks, np.repeat(after, reach, axis=1)], axis=1)
    return peaks, sliding_window_view(padded, 2 * reach + 1, axis=1).max(axis=2)


class TruePeakMeter:
    """True peak of a signal that comes in blocks; silence is assumed around it."""

    def __init__(self, channels: int) -> None:
        self._pending = np.zeros((channels, 2 * REACH - 1), np.float32)
        self._peak = np.zeros(channels, np.float32)

    def push(self, block: Samples) -> None:
        """Take [C, n]."""
        self._pending = np.concatenate([self._pending, block], axis=1, dtype=np.float32)
        usable = (self._pending.shape[1] - 2 * REACH + 1) // _METER_BLOCK * _METER_BLOCK
        if usable:
            peaks = block_true_peaks(
                self._pending[:, : usable + 2 * REACH - 1], _METER_BLOCK, floor=float(self._peak.min())
            )
            self._peak = np.maximum(self._peak, peaks.max(axis=1))
            self._pending = self._pending[:, usable:]

    def finish(self) -> float:
        """Highest true peak of all channels in dBTP; −∞ for silence."""
        self.push(np.zeros((self._peak.size, 2 * REACH + _METER_BLOCK), np.float32))
        return float(gain_to_db(self._peak.max()))

    @property
    def channel_peaks_db(self) -> NDArray[np.float64]:
        """True peak of each channel so far, [C]."""
        return gain_to_db(self._peak)


def true_peak_db(samples: Samples) -> float:
    """True peak of [C, N] in dBTP; −∞ for silence."""
    meter = TruePeakMeter(samples.shape[0])
    meter.push(samples)
    return meter.finish()
