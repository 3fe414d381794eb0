"""A look-ahead true-peak limiter that streams: linked channels, no delay, constant memory, no loop over samples.

Ours works on decibels of reduction at steps of half a millisecond and needs no feedback: the ceiling holds by
construction, to 0.002 dB (what the slope of the gain does to the points between samples). With A steps of look-ahead
and H of hold, step d lying between the nodes d and d + 1:

    needed    ρ_d = max(0, true peak of step d − ceiling), over all channels
    held      m_e = max of ρ over d = e − 1 − H … e + A              past, the two steps beside node e, and ahead
    released  v_e = max(m_e, α · v_{e−1})                            exponential towards 0 dB
    smooth    s_e = Σ_a k_a · v_{e−a}, a = 0 … A, Σ k = 1            Hann; each v in it is ≥ ρ_{e−1} and ≥ ρ_e
    gain      a straight line between the nodes' 10^(−s/20)          so at no sample above what its step needs

             look-ahead     peak     hold      release
    gain  ──────╲                            ╱──────────
                  ╲____________×____________╱

Where nothing is needed the gain is exactly 1 and the samples leave as they came, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain, gain_to_db
from limelight.audio.true_peak import REACH, block_true_peaks
from limelight.types import Samples, Vector

STEPS_PER_SECOND = 2000
_INAUDIBLE_DB = 1e-3  # a release that has come this close has arrived


@dataclass(frozen=True)
class LimiterConfig:
    """Ceiling, and how the gain moves."""

    ceiling_dbtp: float = -1.0
    lookahead_seconds: float = 0.005
    hold_seconds: float = 0.010
    release_seconds: float = 0.100  # time constant: reduction falls to 37 %

    def __post_init__(self) -> None:
        if min(self.lookahead_seconds, self.release_seconds) < 1 / STEPS_PER_SECOND or self.hold_seconds < 0:
            raise ValueError(f"look-ahead and release last at least half a millisecond, got {self}")

    @property
    def lookahead_steps(self) -> int:
        """A."""
        return round(self.lookahead_seconds * STEPS_PER_SECOND)

    @property
    def hold_steps(self) -> int:
        """H."""
        return round(self.hold_seconds * STEPS_PER_SECOND)

    @property
    def decay(self) -> float:
        """α."""
        return float(np.exp(-1 / (self.release_seconds * STEPS_PER_SECOND)))


DEFAULT = LimiterConfig()


def limit(samples: Samples, sample_rate: int, config: LimiterConfig = DEFAULT) -> Samples:
    """Hold [C, N] under the ceiling."""
    stream = LimiterStream(sample_rate, samples.shape[0], config)
    return np.concatenate([stream.push(samples), stream.finish()], axis=1)


def decaying_maximum(values: Vector, decay: float, before: float) -> Vector:
    """v_e = max(m_e, α · v_{e−1}) without a loop: [T] → [T].

    With u_e = log v_e − e · log α this is a running maximum, u_e = max(log m_e − e · log α, u_{e−1}).
    """
    slope = np.arange(values.size + 1) * np.log(decay)
    levels = np.log(np.maximum(np.concatenate([[before], values]), 1e-12)) - slope
    decayed = np.exp(np.maximum.accumulate(levels) + slope)[1:]
    return np.maximum(values, np.where(decayed < _INAUDIBLE_DB, 0.0, decayed))


class _ReductionCurve:
    """Needed reduction a step in, smooth reduction a node out; node e leaves when step e + A has come."""

    def __init__(self, config: LimiterConfig) -> None:
        ahead, past = config.lookahead_steps, config.hold_steps + 1
        self._decay = config.decay
        self._needed = np.zeros(ahead + past)
        self._released = np.zeros(ahead)
        self._kernel = np.square(np.sin(np.pi * np.arange(1, ahead + 2) / (ahead + 2)))
        self._kernel /= self._kernel.sum()

    def push(self, needed_db: Vector) -> Vector:
        """[T] steps → [T] nodes, in dB, late by A."""
        needed = np.concatenate([self._needed, needed_db])
        held = sliding_window_view(needed, self._needed.size + 1).max(axis=1)  # [T]
        before = self._released[-1]
        released = np.concatenate([self._released, decaying_maximum(held, self._decay, before)])
        self._needed = needed[needed_db.size :]
        self._released = released[needed_db.size :]
        return np.asarray(sliding_window_view(released, self._kernel.size) @ self._kernel)


class LimiterStream:
    """`limit` of a signal that comes in blocks. The delay of the look-ahead is made up for: blocks come later, not
    shifted, and `finish` gives the rest."""

    def __init__(self, sample_rate: int, channels: int, config: LimiterConfig = DEFAULT) -> None:
        self._ceiling = float(db_to_gain(config.ceiling_dbtp))
        self._step = max(1, round(sample_rate / STEPS_PER_SECOND))
        self._ramp = (np.arange(self._step) / self._step).astype(np.float32)
        self._curve = _ReductionCurve(config)
        self._gain = np.ones(1, np.float32)  # at the latest node
        # One step of silence goes first, for the points between samples before the first.
        self._analysed = np.zeros((channels, REACH - 1 + self._step), np.float32)
        self._delayed = np.zeros((channels, (config.lookahead_steps + 1) * self._step), np.float32)
        self._skip = self._delayed.shape[1] + self._step
        self._taken = 0
        self._given = 0
        self._max_reduction_db = 0.0

    @property
    def max_reduction_db(self) -> float:
        """The most that was taken off so far, in dB ≥ 0."""
        return self._max_reduction_db

    def push(self, block: Samples) -> Samples:
        """Take [C, n], give the samples whose gain is settled, [C, m] (m may be 0)."""
        self._taken += block.shape[1]
        return self._advance(block)

    def finish(self) -> Samples:
        """The rest, so that as many samples have left as came."""
        missing = self._taken - self._given
        flush = np.zeros((self._delayed.shape[0], self._delayed.shape[1] + 2 * self._step + 2 * REACH), np.float32)
        return self._advance(flush)[:, :missing]

    def _advance(self, block: Samples) -> Samples:
        analysed = np.concatenate([self._analysed, block], axis=1, dtype=np.float32)
        steps = max(0, (analysed.shape[1] - 2 * REACH + 1) // self._step)
        length = steps * self._step
        self._analysed = analysed[:, length:]
        delayed = np.concatenate([self._delayed, analysed[:, REACH - 1 : REACH - 1 + length]], axis=1)
        self._delayed = delayed[:, length:]
        if steps == 0:
            return delayed[:, :0]
        peaks = block_true_peaks(analysed[:, : length + 2 * REACH - 1], self._step, floor=self._ceiling)
        limited = delayed[:, :length] * self._gains(peaks.max(axis=0))
        skipped = min(self._skip, length)
        self._skip -= skipped
        self._given += length - skipped
        return limited[:, skipped:]

    def _gains(self, peaks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Peaks of the steps that came [T] → gains of the samples that leave, [T · step]."""
        over = np.maximum(peaks.astype(np.float64) / self._ceiling, 1.0)
        reduction_db = self._curve.push(gain_to_db(over))
        self._max_reduction_db = max(self._max_reduction_db, float(reduction_db.max()))
        nodes = np.concatenate([self._gain, db_to_gain(-reduction_db).astype(np.float32)])
        self._gain = nodes[-1:]
        return (nodes[:-1, None] + np.diff(nodes)[:, None] * self._ramp).ravel()
