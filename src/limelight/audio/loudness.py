"""Loudness of a programme: ITU-R BS.1770-5 with EBU Tech 3341 (momentary, short-term) and 3342 (loudness range).

    block power  P_i = Σ_c G_c · mean over 100 ms of (K-weighted x_c)²
    loudness     L   = −0.691 + 10 log₁₀ P                       (LUFS; −∞ for silence: silence is a value)
    momentary    P over 4 blocks (400 ms), short-term P over 30 (3 s), a new one every 100 ms
    integrated   mean of the 400 ms powers above −70 LUFS, then of those less than 10 LU under that mean

Everything follows from the block powers, ten numbers a second, which is all that a meter keeps: three hours are 0.9 MB.
What is left at the end and does not fill a block is not counted, as the standard has it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from limelight.audio.k_weighting import BiquadStream, k_weighting_biquads
from limelight.audio.layouts import channel_weights
from limelight.types import Samples, Vector

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
