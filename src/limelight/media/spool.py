"""Sound on the disk beside the target until it is needed: encoded as packets, or as samples or bytes.

    encoder ──► [time, duration, length, bytes] [time, duration, length, bytes] … ──► muxer

Packets could be muxed as they come, but then the model that makes the sound, the reader that feeds it, the reader that
the picture is copied from and the muxer's index would all be in memory at once, and the last three grow with the film.
An hour of packets takes some 70 MB on the disk. Samples wait there as 32-bit floats until it is known how loud they are
to be; an hour of stereo at 48 kHz takes 1.4 GB. Both are written once and read as often as wished.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import av.container
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from limelight.errors import OutputError
from limelight.media.formats import SoundFormat, carrying_matrix
from limelight.media.target import naming_write_errors
from limelight.types import Samples, SoundtrackInfo, SourceInfo

# At 160 kb/s and more FFmpeg's fast search codes four times faster and two to three decibels nearer than its slow one.
_OPTIONS = {"aac": {"aac_coder": "fast"}}


class SoundEncoder:
    """One soundtrack being written: counts its samples and stamps them, so that the container starts it at 0.

    Frames are made interleaved ("flt"): PyAV 18 cannot make them from eight planes.
    """

    def __init__(
        self, output: av.container.OutputContainer, sound_format: SoundFormat, *, sample_rate: int, layout: str
    ) -> None:
        options = _OPTIONS.get(sound_format.codec)
        self.stream: AudioStream = output.add_stream(sound_format.codec, rate=sound_format.sample_rate, options=options)  # type: ignore[assignment]
        self.stream.layout = sound_format.layout
        if sound_format.bit_rate is not None:
            self.stream.bit_rate = sound_format.bit_rate
        if sound_format.sample_format is not None:
            self.stream.format = sound_format.sample_format
        self.stream.codec_context.time_base = Fraction(1, sound_format.sample_rate)
        self.samples = 0  # taken so far
        self._rate = sample_rate
        self._layout = sound_format.layout
        self._channels = av.AudioLayout(layout).nb_channels
        self._matrix = carrying_matrix(layout, sound_format.layout)

    def encode(self, block: Samples) -> list[Packet[AudioStream]]:
        """The packets that are ready after this block [C, n]. Raises `OutputError` where it is not sound."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise OutputError(f"cannot write a block of shape {block.shape}: {self._channels} channels were announced")
        if not np.isfinite(block).all():
            raise OutputError("cannot write the new soundtrack: it holds values that are not numbers; report this")
        if block.shape[1] == 0:
            return []
        placed = block if self._matrix is None else self._matrix @ block  # [C_wide, n]
        flat = np.ascontiguousarray(placed.T, dtype=np.float32).reshape(1, -1)
        frame = AudioFrame.from_ndarray(flat, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self.samples
        self.samples += block.shape[1]
        return self.stream.encode(frame)

    def finish(self) -> list[Packet[AudioStream]]:
        """The last packets."""
        return self.stream.encode(None)


_HEAD = struct.Struct("<qqI")  # time and duration in ticks, length in bytes


class PacketSpool:
    """Packets in the order in which they came: sound is decoded in the order in which it is heard, each packet on its own.

    Those with side data, the first or the last of a stream, stay in memory: PyAV cannot make side data anew.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._count = 0
        self._kept: dict[int, Packet[AudioStream]] = {}

    def add(self, packets: Iterable[Packet[AudioStream]]) -> None:
        """Take in what the encoder has ready. Raises OSError where the disk is full."""
        for packet in packets:
            if any(packet.iter_sidedata()):
                self._kept[self._count] = packet
            else:
                self._file.write(_HEAD.pack(packet.pts, packet.duration, packet.size))
                self._file.write(packet)
            self._count += 1

    def packets(self, stream: AudioStream, tick: Fraction) -> Iterator[Packet[AudioStream]]:
        """All of them again, once, as packets of `stream`, whose times count in `tick`s."""
        self._file.seek(0)
        for number in range(self._count):
            packet = self._kept.pop(number, None)
            yield self._next(stream, tick) if packet is None else packet

    def _next(self, stream: AudioStream, tick: Fraction) -> Packet[AudioStream]:
        time, duration, length = _HEAD.unpack(self._file.read(_HEAD.size))
        packet = cast("Packet[AudioStream]", Packet(length))
        self._file.readinto(packet)  # type: ignore[attr-defined]
        packet.pts = packet.dts = time
        packet.duration, packet.time_base = duration, tick
        packet.stream, packet.is_keyframe = stream, True
        return packet


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


def has_room(dest: Path, needed_bytes: int) -> bool:
    """Whether the disk of `dest` holds so much more."""
    return shutil.disk_usage(dest.parent).free > needed_bytes


class ByteSpool:
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


class AudioSpool:
    """Samples of so many channels, interleaved; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, channels: int, dest: Path) -> None:
        self._bytes, self._channels = ByteSpool(scratch, dest), channels

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
