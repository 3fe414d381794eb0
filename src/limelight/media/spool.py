"""The packets of the new sound, waiting on the disk until the rest of the film is copied.

    encoder ──► [time, duration, length, bytes] [time, duration, length, bytes] … ──► muxer

They could be muxed as they come, but then the model that makes them, the reader that it hears the film through, the
reader that the picture is copied from and the muxer's index would all be in memory at once, and the last three grow
with the film. An hour of sound takes some 70 MB on the disk.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO, cast

from av.audio.stream import AudioStream
from av.packet import Packet

_HEAD = struct.Struct("<qqI")  # time and duration in ticks, length in bytes


class Spool:
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
