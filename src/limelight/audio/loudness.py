"""Loudness by ITU-R BS.1770: fast filters, K-weighting, and the programme meter.

Second-order filters, and a cascade of them run fast over a long signal without a loop over samples.

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

Loudness of a programme: ITU-R BS.1770-5 with EBU Tech 3341 (momentary, short-term) and 3342 (loudness range).

    block power  P_i = Σ_c G_c · mean over 100 ms of (K-weighted x_c)²
    loudness     L   = −0.691 + 10 log₁₀ P                       (LUFS; −∞ for silence: silence is a value)
    momentary    P over 4 blocks (400 ms), short-term P over 30 (3 s), a new one every 100 ms
    integrated   mean of the 400 ms powers above −70 LUFS, then of those less than 10 LU under that mean

Everything follows from the block powers, ten numbers a second, which is all that a meter keeps: three hours are 0.9 MB.
What is left at the end and does not fill a block is not counted, as the standard has it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from limelight.audio.convert import channel_weights
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


BLOCKS_PER_SECOND = 10
MOMENTARY_BLOCKS = 4
SHORT_TERM_BLOCKS = 30
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
_OFFSET_DB = -0.691  # makes a 997 Hz sine of full scale in one channel read −3.01 LUFS


def power_to_lufs(power: ArrayLike) -> Vector:
    """Loudness of K-weighted, channel-weighted power."""
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET_DB + 10.0 * np.log10(np.asarray(power, np.float64)))


def lufs_to_power(lufs: ArrayLike) -> Vector:
    """Inverse of `power_to_lufs`."""
    return np.asarray(np.power(10.0, (np.asarray(lufs, np.float64) - _OFFSET_DB) / 10.0))


def sliding_powers(powers: Vector, blocks: int) -> Vector:
    """Mean of so many consecutive block powers, one for each place: [T] → [T − blocks + 1], or none."""
    if powers.size < blocks:
        return np.empty(0)
    return np.asarray(sliding_window_view(powers, blocks).mean(axis=1))


def integrated_from_block_powers(powers: Vector) -> float:
    """Gated loudness in LUFS of block powers [T] (100 ms each, see `block_powers`).

    −∞ where nothing passes the gate, and for less than one gating block of 400 ms.
    """
    loud = _gated(sliding_powers(powers, MOMENTARY_BLOCKS), RELATIVE_GATE_LU)
    return float(power_to_lufs(loud.mean())) if loud.size else -np.inf


def dialogue_lufs(powers: Vector, spoken: NDArray[np.bool_]) -> float:
    """Loudness of a whole programme where somebody speaks: of powers [T] those that are spoken, and above the absolute gate.

    Dialogue-gated as ITU-R BS.1770-1 with a speech detector is used for delivery: there is no relative gate. −∞ where nobody
    speaks.
    """
    loud = powers[spoken & (powers > lufs_to_power(ABSOLUTE_GATE_LUFS))]
    return float(power_to_lufs(loud.mean())) if loud.size else -np.inf


def range_from_block_powers(powers: Vector) -> float:
    """Loudness range in LU (Tech 3342): 10th to 95th percentile of the short-term loudness that passes the gates."""
    loud = np.sort(_gated(sliding_powers(powers, SHORT_TERM_BLOCKS), RANGE_GATE_LU))
    if loud.size == 0:
        return 0.0
    low, high = (loud[int((loud.size - 1) * share + 0.5)] for share in (0.10, 0.95))
    return float(power_to_lufs(high) - power_to_lufs(low))


def _gated(powers: Vector, relative_gate_lu: float) -> Vector:
    """Powers above the absolute gate, then those above the gate relative to the mean of these."""
    loud = powers[powers > lufs_to_power(ABSOLUTE_GATE_LUFS)]
    if loud.size == 0:
        return loud
    gate: float = loud.mean() * 10.0 ** (relative_gate_lu / 10.0)
    return loud[loud > gate]


@dataclass(frozen=True, repr=False)
class Loudness:
    """What a meter found. Series have a value every 100 ms; value i of a window of B blocks ends at (i + B) / 10 s."""

    block_powers: Vector  # [T]

    @property
    def integrated_lufs(self) -> float:
        """Gated loudness of the whole."""
        return integrated_from_block_powers(self.block_powers)

    @property
    def momentary_lufs(self) -> Vector:
        """Loudness over 400 ms, [T − 3]."""
        return power_to_lufs(sliding_powers(self.block_powers, MOMENTARY_BLOCKS))

    @property
    def short_term_lufs(self) -> Vector:
        """Loudness over 3 s, [T − 29]."""
        return power_to_lufs(sliding_powers(self.block_powers, SHORT_TERM_BLOCKS))

    @property
    def momentary_max_lufs(self) -> float:
        """Loudest 400 ms."""
        return float(self.momentary_lufs.max(initial=-np.inf))

    @property
    def short_term_max_lufs(self) -> float:
        """Loudest 3 s."""
        return float(self.short_term_lufs.max(initial=-np.inf))

    @property
    def range_lu(self) -> float:
        """Loudness range."""
        return range_from_block_powers(self.block_powers)

    def __repr__(self) -> str:
        return f"Loudness({self.integrated_lufs:.2f} LUFS, range {self.range_lu:.1f} LU, T={self.block_powers.size})"


class LoudnessMeter:
    """Measure a signal that comes in blocks, in constant memory (but for ten numbers a second).

    Raises Unsupported for a rate under 4 kHz and for an unknown layout.
    """

    def __init__(self, sample_rate: int, layout: str) -> None:
        weights = channel_weights(layout)
        self._channels = weights.size
        self._heard = np.flatnonzero(weights)
        self._weights = weights[self._heard]
        self._filter = BiquadStream(k_weighting_biquads(sample_rate), self._heard.size)
        self._sample_rate = sample_rate
        self._rest = np.empty(0)  # powers per sample that do not fill a block yet
        self._powers = array("d")  # per block
        self._count = 0

    def push(self, block: Samples) -> None:
        """Take [C, n]. Samples must be finite. Raises ValueError where C is not the layout's."""
        if block.shape[0] != self._channels:
            raise ValueError(f"the layout has {self._channels} channels, the block {block.shape[0]}")
        for segment in self._filter.push(block[self._heard]):
            self._add(segment)

    def finish(self) -> Loudness:
        """What was measured; nothing can be pushed after."""
        self._add(self._filter.finish())
        return Loudness(np.array(self._powers))

    def _add(self, segment: NDArray[np.float64]) -> None:
        # Where 100 ms are no whole number of samples (11,025 Hz), block i runs from ⌊i·rate/10⌋ to ⌊(i+1)·rate/10⌋.
        power = np.concatenate([self._rest, self._weights @ np.square(segment)])  # [n]
        start = self._count * self._sample_rate // BLOCKS_PER_SECOND
        end = ((start + power.size + 1) * BLOCKS_PER_SECOND - 1) // self._sample_rate  # the block that is still open
        edges = np.arange(self._count, end + 1) * self._sample_rate // BLOCKS_PER_SECOND - start
        self._rest = power[edges[-1] :]
        if edges.size > 1:
            sums = np.add.reduceat(power[: edges[-1]], edges[:-1])
            self._powers.frombytes((sums / np.diff(edges)).tobytes())
            self._count += edges.size - 1


def measure_loudness(samples: Samples, sample_rate: int, *, layout: str = "stereo") -> Loudness:
    """All of loudness of [C, N] at once."""
    meter = LoudnessMeter(sample_rate, layout)
    meter.push(samples)
    return meter.finish()


def block_powers(samples: Samples, sample_rate: int, *, layout: str = "stereo") -> Vector:
    """K- and channel-weighted mean power of each 100 ms of [C, N], [T]."""
    return measure_loudness(samples, sample_rate, layout=layout).block_powers


def integrated_loudness(samples: Samples, sample_rate: int, *, layout: str = "stereo") -> float:
    """Integrated loudness of [C, N] in LUFS, −∞ for silence."""
    return measure_loudness(samples, sample_rate, layout=layout).integrated_lufs
