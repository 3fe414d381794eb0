"""Second-order filters, and a cascade of them run fast over a long signal without a loop over samples.

NumPy cannot run a recursion by itself, but a recursion is linear in its state s and its input x. So the recursion is
run once, over unit vectors, to learn two matrices, and the signal goes through these (exact, not truncated):

    a row of B samples     [s, x] → [y, s′]          outputs, and the state behind the row
    a chunk of R rows      [s, u] → [s₀ … s_R]       the state before each row, where u is what each row's input
                                                     leaves in the state behind it

Only the hand-over from chunk to chunk, 12 times a second, is a loop: 84 multiplications a sample, most in one matrix
product, take a quarter of the time of filtering by Fourier transforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.signals import Samples

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
