"""Second-order filters, and a cascade of them run fast over a long signal without a loop over samples.

NumPy cannot run a recursion by itself, but a recursion is linear in its state s and its input x. So the recursion is
run once, over unit vectors, to learn two matrices, and the signal goes through these (exact, not truncated):

    a row of B samples     [s, x] → [y, s′]          outputs, and the state behind the row
    a chunk of R rows      [s, u] → [s₀ … s_R]       the state before each row, where u is what each row's input
                                                     leaves in the state behind it

Only the hand-over from chunk to chunk, 12 times a second, is a loop: 84 multiplications a sample, most in one matrix
product, take a quarter of the time of filtering by Fourier transforms.

K-weighting: the two filters of ITU-R BS.1770-5, Annex 1, at any sample rate.

The standard prints coefficients for 48 kHz only. A biquad made by the bilinear transform of an analogue filter stands
for the same filter at another rate after

    v = (c + w) / (1 + c w),   c = (1 − k) / (1 + k),   k = tan(π f₀ / 48 kHz) / tan(π f₀ / rate)

with v = z⁻¹ at 48 kHz, w = z⁻¹ at the new rate and f₀ the resonance, where both must agree. At 48 kHz k is 1 and the
standard's figures remain. (libebur128 and FFmpeg write the high-pass numerator 1, −2, 1 at every rate, so that their
gain drifts: −0.02 dB at 96 kHz, +0.2 dB at 8 kHz. Ours reads the same at each.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limelight.errors import Unsupported
from limelight.types import Samples, Vector

Matrix = NDArray[np.float64]

_ROW = 64  # B, samples
_ROWS = 64  # R, to a chunk
_CHUNKS = 8  # to a segment, what is worked on at once


@dataclass(frozen=True)
class Biquad:
    """(b₀ + b₁ v + b₂ v²) / (1 + a₁ v + a₂ v²), v = z⁻¹."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float

    def response(self, radians: NDArray[np.floating]) -> NDArray[np.complex128]:
        """Complex gain at angles per sample, [F]."""
        v = np.exp(-1j * radians)
        return np.asarray((self.b0 + v * (self.b1 + v * self.b2)) / (1 + v * (self.a1 + v * self.a2)))

    def advance(self, x: Matrix, state: Matrix) -> Matrix:
        """One sample of many signals at once (direct form II, transposed): x [M], state [2, M] changed in place."""
        y: Matrix = self.b0 * x + state[0]
        state[0] = self.b1 * x - self.a1 * y + state[1]
        state[1] = self.b2 * x - self.a2 * y
        return y


class BiquadStream:
    """Filter a signal that comes in blocks. The segments it works in do not depend on how the signal was cut."""

    def __init__(self, biquads: Sequence[Biquad], channels: int) -> None:
        self._order = 2 * len(biquads)
        self._output, self._behind = _learn_row(biquads)  # [S + B, B], [S + B, S]
        self._before = _learn_chunk(self._behind[: self._order])  # [S + R·S, (R + 1)·S]
        self._state = np.zeros((channels, self._order))
        self._buffer = np.zeros((channels, _CHUNKS * _ROWS * _ROW))
        self._filled = 0

    def push(self, block: Samples) -> list[Matrix]:
        """Take [C, n], give the filtered segments [C, m] that are now complete (often none)."""
        segments = []
        size = self._buffer.shape[1]
        while block.shape[1]:
            taken = min(block.shape[1], size - self._filled)
            self._buffer[:, self._filled : self._filled + taken] = block[:, :taken]
            self._filled += taken
            block = block[:, taken:]
            if self._filled == size:
                segments.append(self._filtered())
                self._filled = 0
        return segments

    def finish(self) -> Matrix:
        """The rest, [C, m]."""
        self._buffer[:, self._filled :] = 0.0
        return self._filtered()[:, : self._filled]

    def _filtered(self) -> Matrix:
        channels, order = self._state.shape
        rows = self._buffer.reshape(-1, _ROW)  # [C · chunks · R, B]
        left = (rows @ self._behind[order:]).reshape(channels, _CHUNKS, -1)  # [C, chunks, R · S]
        before = np.empty((channels, _CHUNKS, _ROWS * order))
        for chunk in range(_CHUNKS):
            states = np.concatenate([self._state, left[:, chunk]], axis=1) @ self._before
            before[:, chunk], self._state = states[:, :-order], states[:, -order:]
        filtered = rows @ self._output[order:]
        filtered += before.reshape(-1, order) @ self._output[:order]
        return filtered.reshape(channels, -1)


def _learn_row(biquads: Sequence[Biquad]) -> tuple[Matrix, Matrix]:
    """Outputs [S + B, B] and the state behind [S + B, S], for each unit state and for an impulse at each sample."""
    order = 2 * len(biquads)
    units = np.eye(order + _ROW)
    states = units[:order].copy()  # [S, S + B]
    outputs = np.empty((order + _ROW, _ROW))
    for n in range(_ROW):
        x = units[order + n]
        for index, biquad in enumerate(biquads):
            x = biquad.advance(x, states[2 * index : 2 * index + 2])
        outputs[:, n] = x
    return outputs, states.T


def _learn_chunk(transition: Matrix) -> Matrix:
    """The states before each of R rows and behind the last, [S + R·S, (R + 1)·S]; transition [S, S] of one row."""
    order = len(transition)
    units = np.eye(order * (_ROWS + 1))
    states = [units[:, :order]]
    for row in range(_ROWS):
        states.append(states[-1] @ transition + units[:, order * (row + 1) : order * (row + 2)])
    return np.concatenate(states, axis=1)


STANDARD_RATE = 48_000
LOWEST_RATE = 4_000  # below, the shelf's resonance (1.7 kHz) nears half the rate


# at 48 kHz, as printed
SHELF = Biquad(1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
HIGH_PASS = Biquad(1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)


def at_rate(biquad: Biquad, sample_rate: int) -> Biquad:
    """The analogue filter that `biquad` stands for at 48 kHz, for another rate."""
    if sample_rate == STANDARD_RATE:
        return biquad
    # The poles tell the resonance: tan(π f₀ / 48 kHz).
    tangent = np.sqrt((1 + biquad.a1 + biquad.a2) / (1 - biquad.a1 + biquad.a2))
    k = tangent / np.tan(np.arctan(tangent) * STANDARD_RATE / sample_rate)
    c = float((1 - k) / (1 + k))
    b0, b1, b2 = _warped(biquad.b0, biquad.b1, biquad.b2, c)
    a0, a1, a2 = _warped(1.0, biquad.a1, biquad.a2, c)
    return Biquad(b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0)


def _warped(p0: float, p1: float, p2: float, c: float) -> list[float]:
    """Coefficients of p₀ (1 + c w)² + p₁ (1 + c w)(c + w) + p₂ (c + w)², by rising power of w."""
    return [
        p0 + p1 * c + p2 * c * c,
        2 * p0 * c + p1 * (1 + c * c) + 2 * p2 * c,
        p0 * c * c + p1 * c + p2,
    ]


def k_weight_response(frequencies_hz: ArrayLike, *, sample_rate: int = STANDARD_RATE) -> Vector:
    """Power response |H(f)|² of K-weighting, for weighing the bins of a spectrum; next to nothing at 0 Hz.

    Raises Unsupported below `LOWEST_RATE`.
    """
    return np.square(np.abs(_response(np.asarray(frequencies_hz, np.float64), sample_rate)))


def k_weighting_biquads(sample_rate: int) -> list[Biquad]:
    """Shelf and high-pass for a rate. Raises Unsupported below `LOWEST_RATE`."""
    if sample_rate < LOWEST_RATE:
        raise Unsupported(
            f"wished to measure loudness at {sample_rate} Hz, which needs at least {LOWEST_RATE} Hz; resample the sound"
        )
    return [at_rate(SHELF, sample_rate), at_rate(HIGH_PASS, sample_rate)]


def _response(frequencies_hz: NDArray[np.floating], sample_rate: int) -> NDArray[np.complex128]:
    shelf, high_pass = k_weighting_biquads(sample_rate)
    radians = 2 * np.pi * frequencies_hz / sample_rate
    return shelf.response(radians) * high_pass.response(radians)
