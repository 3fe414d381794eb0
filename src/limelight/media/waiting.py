"""What waits on the disk of the target until it is needed: a soundtrack, or any bytes.

It is written once and read as often as wished. A soundtrack waits as 32-bit floats until it is known how loud it is to
be; an hour of stereo at 48 kHz takes 1.4 GB.
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


class Waiting:
    """Bytes in a scratch file; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, dest: Path) -> None:
        self._file, self._dest = scratch, dest
        self.size = 0

    def add(self, data: bytes) -> None:
        """Put them behind what is there. Raises OutputError where the disk is full."""
        with naming_write_errors(self._dest):
            self._file.seek(self.size)
            self._file.write(data)
        self.size += len(data)

    def read(self, first: int, count: int) -> bytes:
        """So many from a place on; fewer where there are no more."""
        with naming_write_errors(self._dest):
            self._file.seek(first)
            return self._file.read(count)


class WaitingSound:
    """Samples of so many channels, interleaved; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, channels: int, dest: Path) -> None:
        self._bytes, self._channels = Waiting(scratch, dest), channels

    def add(self, block: Samples) -> None:
        """Put [C, n] behind what is there. Raises OutputError where the disk is full."""
        self._bytes.add(np.ascontiguousarray(block.T, np.float32).tobytes())

    def blocks(self) -> Iterator[Samples]:
        """All of it, [C, n]; the very same numbers."""
        width = SAMPLE_BYTES * self._channels
        end = self._bytes.size  # of what is there now
        for first in range(0, end, READ_SAMPLES * width):
            data = self._bytes.read(first, min(READ_SAMPLES * width, end - first))
            yield np.ascontiguousarray(np.frombuffer(data, np.float32).reshape(-1, self._channels).T)
