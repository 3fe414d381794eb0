"""K-weighting: the two filters of ITU-R BS.1770-5, Annex 1, at any sample rate.

The standard prints coefficients for 48 kHz only. A biquad made by the bilinear transform of an analogue filter stands
for the same filter at another rate after

    v = (c + w) / (1 + c w),   c = (1 − k) / (1 + k),   k = tan(π f₀ / 48 kHz) / tan(π f₀ / rate)

with v = z⁻¹ at 48 kHz, w = z⁻¹ at the new rate and f₀ the resonance, where both must agree. At 48 kHz k is 1 and the
standard's figures remain. (libebur128 and FFmpeg write the high-pass numerator 1, −2, 1 at every rate, so that their
gain drifts: −0.02 dB at 96 kHz, +0.2 dB at 8 kHz. Ours reads the same at each.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limelight.dsp.biquad import Biquad
from limelight.errors import Unsupported
from limelight.signals import Vector

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
