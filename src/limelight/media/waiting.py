"""A soundtrack that waits on the disk, as 32-bit floats, until it is known how loud it is to be.

It is written once and read as often as wished. An hour of stereo at 48 kHz takes 1.4 GB, on the disk of the target.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from limelight.errors import OutputError
from limelight.media.target import naming_write_errors
from limelight.signals import Samples, SoundtrackInfo, SourceInfo

READ_SAMPLES = 1 << 15
SAMPLE_BYTES = 4


def check_room(dest: Path, info: SourceInfo, track: SoundtrackInfo) -> None:
    """Raises OutputError where the disk of `dest` cannot hold the film's sound while it waits."""
    needed = info.duration_seconds * track.sample_rate * track.channels * SAMPLE_BYTES
    free = shutil.disk_usage(dest.parent).free
    if free < needed:
        raise OutputError(
            f"cannot write {dest}: the sound waits beside it and takes {needed / 1e9:.1f} GB, there are {free / 1e9:.1f}; "
            "make room or choose another folder"
        )


class WaitingSound:
    """Samples of so many channels in a scratch file, interleaved; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, channels: int, dest: Path) -> None:
        self._file, self._channels, self._dest = scratch, channels, dest
        self._samples = 0

    def add(self, block: Samples) -> None:
        """Put [C, n] behind what is there. Raises OutputError where the disk is full."""
        with naming_write_errors(self._dest):
            self._file.seek(self._samples * self._channels * SAMPLE_BYTES)
            self._file.write(np.ascontiguousarray(block.T, np.float32).tobytes())
        self._samples += block.shape[1]

    def blocks(self) -> Iterator[Samples]:
        """All of it, [C, n]; the very same numbers."""
        width = SAMPLE_BYTES * self._channels
        for first in range(0, self._samples, READ_SAMPLES):
            with naming_write_errors(self._dest):
                self._file.seek(first * width)
                data = self._file.read(min(READ_SAMPLES, self._samples - first) * width)
            yield np.ascontiguousarray(np.frombuffer(data, np.float32).reshape(-1, self._channels).T)
