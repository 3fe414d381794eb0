"""K-weighting: the two filters of ITU-R BS.1770-5, Annex 1, at any sample rate.

The standard prints coefficients for 48 kHz only. A biquad made by the bilinear transform of an analogue filter stands
for the same filter at another rate after

    v = (c + w) / (1 + c w),   c = (1 − k) / (1 + k),   k = tan(π f₀ / 48 kHz) / tan(π f₀ / rate)

with v = z⁻¹ at 48 kHz, w = z⁻¹ at the new rate and f₀ the resonance, where both must agree. At 48 kHz k is 1 and the
standard's figures remain. (libebur128 and FFmpeg write the high-pass numerator 1, −2, 1 at every rate, so that their
gain drifts: −0.02 dB at 96 kHz, +0.2 dB at 8 kHz. Ours reads the same at each.)

NumPy cannot run a recursion fast, so the cascade is applied in the frequency domain (overlap-save). Its impulse
response never ends, but falls with the slower pole p like (1 + n ln 1/p) pⁿ; what is cut off after 22 time constants
is 6·10⁻⁹ of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limelight.errors import Unsupported
from limelight.signals import Samples, Vector

STANDARD_RATE = 48_000
LOWEST_RATE = 4_000  # below, the shelf's resonance (1.7 kHz) nears half the rate
_TIME_CONSTANTS = 22


@dataclass(frozen=True)
class Biquad:
    """Second-order section (b₀ + b₁ v + b₂ v²) / (1 + a₁ v + a₂ v²), v = z⁻¹."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float

    @property
    def resonance(self) -> float:
        """tan(π f₀ / rate), read from the poles."""
        return float(np.sqrt((1 + self.a1 + self.a2) / (1 - self.a1 + self.a2)))

    def response(self, radians: NDArray[np.floating]) -> NDArray[np.complex128]:
        """H at angles per sample, [F]."""
        v = np.exp(-1j * radians)
        return np.asarray((self.b0 + v * (self.b1 + v * self.b2)) / (1 + v * (self.a1 + v * self.a2)))

    def at_rate(self, sample_rate: int) -> Biquad:
        """The same filter for another rate than `STANDARD_RATE`."""
        if sample_rate == STANDARD_RATE:
            return self
        angle = np.arctan(self.resonance) * STANDARD_RATE / sample_rate
        k = self.resonance / np.tan(angle)
        c = float((1 - k) / (1 + k))
        b0, b1, b2 = _warped(self.b0, self.b1, self.b2, c)
        a0, a1, a2 = _warped(1.0, self.a1, self.a2, c)
        return Biquad(b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0)


SHELF = Biquad(1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
HIGH_PASS = Biquad(1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)


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
    return [SHELF.at_rate(sample_rate), HIGH_PASS.at_rate(sample_rate)]


def _response(frequencies_hz: NDArray[np.floating], sample_rate: int) -> NDArray[np.complex128]:
    shelf, high_pass = k_weighting_biquads(sample_rate)
    radians = 2 * np.pi * frequencies_hz / sample_rate
    return shelf.response(radians) * high_pass.response(radians)


class KWeighting:
    """Filter a signal that comes in blocks; the segments it works in do not depend on how the signal was cut.

    ├─ memory ─┼──────────── fresh ────────────┤      one transform of `_size` samples
               ├─ filtered samples, all valid ─┤      the first `memory` are tainted by the wrap-around
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        _, high_pass = k_weighting_biquads(sample_rate)
        pole = np.sqrt(high_pass.a2)
        self._memory = int(np.ceil(_TIME_CONSTANTS / -np.log(pole)))
        self._size = 1 << (4 * self._memory - 1).bit_length()
        self._response = _response(np.arange(self._size // 2 + 1) * (sample_rate / self._size), sample_rate)  # [F]
        self._buffer = np.zeros((channels, self._size))
        self._filled = self._memory

    def push(self, block: Samples) -> list[NDArray[np.float64]]:
        """Take [C, n], give the segments [C, m] that are now complete (often none)."""
        segments = []
        while block.shape[1]:
            taken = min(block.shape[1], self._size - self._filled)
            self._buffer[:, self._filled : self._filled + taken] = block[:, :taken]
            self._filled += taken
            block = block[:, taken:]
            if self._filled == self._size:
                segments.append(self._segment())
        return segments

    def finish(self) -> NDArray[np.float64]:
        """The rest, [C, m]."""
        self._buffer[:, self._filled :] = 0.0
        return self._segment()

    def _segment(self) -> NDArray[np.float64]:
        filtered = np.fft.irfft(np.fft.rfft(self._buffer) * self._response, self._size)
        fresh = filtered[:, self._memory : self._filled]
        self._buffer[:, : self._memory] = self._buffer[:, self._filled - self._memory : self._filled].copy()
        self._filled = self._memory
        return fresh
