"""Change of sample rate, by the SoX resampler (soxr), whole and as a stream.

N samples become ⌊N · out / in + ½⌋: a half is rounded up. Time 0 stays time 0; there is no delay to make up for.
Where the rates are equal the samples pass untouched.
"""

from __future__ import annotations

import numpy as np
import soxr

from limelight.types import Samples

_QUALITY = "HQ"  # 20 bits; the next better costs a third more and changes nothing one can hear


def resampled_length(length: int, in_rate: int, out_rate: int) -> int:
    """Samples that so many become."""
    return (2 * length * out_rate + in_rate) // (2 * in_rate)


def resample(samples: Samples, in_rate: int, out_rate: int) -> Samples:
    """Convert [C, N] from one rate to another, both in Hz."""
    stream = ResampleStream(in_rate, out_rate, samples.shape[0])
    return np.concatenate([stream.push(samples), stream.finish()], axis=1)


class ResampleStream:
    """`resample` of a signal that comes in blocks."""

    def __init__(self, in_rate: int, out_rate: int, channels: int) -> None:
        self._rates = (in_rate, out_rate)
        self._channels = channels
        self._taken = 0
        self._given = 0
        self._soxr = None
        if in_rate != out_rate:
            self._soxr = soxr.ResampleStream(in_rate, out_rate, channels, dtype="float32", quality=_QUALITY)

    def push(self, block: Samples) -> Samples:
        """Take [C, n], give what is ready, [C, m] (m may be 0)."""
        self._taken += block.shape[1]
        converted = self._convert(block, last=False)
        self._given += converted.shape[1]
        return converted

    def finish(self) -> Samples:
        """The rest, so that the whole has the length that was promised."""
        owed = resampled_length(self._taken, *self._rates) - self._given
        rest = self._convert(np.empty((self._channels, 0), np.float32), last=True)[:, :owed]
        return np.pad(rest, ((0, 0), (0, owed - rest.shape[1])))

    def _convert(self, block: Samples, *, last: bool) -> Samples:
        if self._soxr is None:
            return block
        frames = np.ascontiguousarray(block.T, dtype=np.float32)  # [n, C]
        converted: Samples = self._soxr.resample_chunk(frames, last=last)
        return np.ascontiguousarray(converted.reshape(-1, self._channels).T)
