"""A soundtrack that waits on the disk, as 32-bit floats, until it is known how loud it is to be.

It is written once and read as often as wished. An hour of stereo at 48 kHz takes 1.4 GB, on the disk of the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from limelight.media.target import naming_write_errors
from limelight.signals import Samples

READ_SAMPLES = 1 << 15


class WaitingSound:
    """Samples of so many channels in a scratch file, interleaved; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, channels: int, dest: Path) -> None:
        self._file, self._channels, self._dest = scratch, channels, dest
        self._samples = 0

    def add(self, block: Samples) -> None:
        """Put [C, n] behind what is there. Raises OutputError where the disk is full."""
        with naming_write_errors(self._dest):
            self._file.seek(self._samples * self._channels * 4)
            self._file.write(np.ascontiguousarray(block.T, np.float32).tobytes())
        self._samples += block.shape[1]

    def blocks(self) -> Iterator[Samples]:
        """All of it, [C, n]; the very same numbers."""
        width = 4 * self._channels
        for first in range(0, self._samples, READ_SAMPLES):
            with naming_write_errors(self._dest):
                self._file.seek(first * width)
                data = self._file.read(min(READ_SAMPLES, self._samples - first) * width)
            yield np.ascontiguousarray(np.frombuffer(data, np.float32).reshape(-1, self._channels).T)
