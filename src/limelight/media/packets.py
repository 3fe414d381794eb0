"""Reading packets and frames from files that are not perfect, and saying in one hash what a stream holds.

A damaged packet must cost its own length and no more; a damaged container must cost its rest. PyAV's `demux()` raises
on the first, and its `decode()` gives up on the second; here both carry on and count, up to a limit.

A copied packet goes through byte by byte, except where the container demands another wrapping: broadcast streams mark
the units of H.264 and HEVC by start codes and each AAC frame by an ADTS header; MP4 and Matroska give lengths and
headers apart. For such streams `Fingerprint` compares the units themselves, without start codes, lengths, ADTS headers,
padding, and HEVC's parameter sets (which move to the container's header). Equal packets may still be heard differently,
since containers say how much of the first and the last is to be left out; `verify.DecodedSound` compares what is heard.

Packets of the new sound wait in a `PacketSpool` until the picture is copied. They could be muxed as they come, but then the
model that makes the sound, the reader that feeds it, the reader that the picture is copied from and the muxer's index would
all be in memory at once, and the last three grow with the film. An hour of packets takes some 70 MB on the disk.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, TypeVar, cast

import av.container
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from limelight.media.container import codec_name

MAX_RESTARTS = 20
Item = TypeVar("Item")


class Reading(Iterator[Item]):
    """What is read from a file, item by item. What had to be mended is told in `notes`, after the last item."""

    def __init__(self, read: Callable[[list[str]], Generator[Item, None, None]]) -> None:
        """`read` fills the list that it is given."""
        self._notes: list[str] = []
        self._items = read(self._notes)

    def __next__(self) -> Item:
        return next(self._items)

    def close(self) -> None:
        """Close the file before all is read."""
        self._items.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was told so far, in words."""
        return tuple(self._notes)


@dataclass
class Damage:
    """How much of a stream could not be decoded."""

    good: int = 0  # packets
    bad: int = 0
    restarts: int = 0  # of the container's reader

    @property
    def fraction(self) -> float:
        """The part of all packets that could not be decoded, 0…1."""
        return self.bad / max(1, self.good + self.bad)


def read_packets(
    container: av.container.InputContainer, streams: Sequence[Stream], damage: Damage
) -> Iterator[Packet[Stream]]:
    """Every packet of `streams` that holds data, in the order of the file, then one empty packet each to flush.

    A reader that stumbles is started again where it stopped, at most 20 times. A stream that turns up late makes
    PyAV 18 raise IndexError once it has read everything (mended in 19): that is the end of the file.
    """
    while damage.restarts <= MAX_RESTARTS:
        try:
            yield from container.demux(*streams)
        except IndexError:
            return
        except av.error.FFmpegError:
            damage.restarts += 1
            continue
        return


def decode_packet(packet: Packet[Stream], damage: Damage) -> list[VideoFrame | AudioFrame]:
    """The frames in a packet; none, and counted, where it cannot be decoded."""
    try:
        frames = packet.decode()
    except av.error.EOFError:
        return []
    except av.error.FFmpegError:
        damage.bad += 1
        return []
    damage.good += packet.size > 0
    return [frame for frame in frames if isinstance(frame, VideoFrame | AudioFrame)]


_START_CODE = b"\0\0\1"
_HEVC_PARAMETER_SETS = frozenset({32, 33, 34})
_ADTS_HEADER = 7  # bytes; 9 with a checksum


class Fingerprint:
    """Gathers the hash of one stream, packet by packet."""

    def __init__(self, stream: Stream, *, units: bool) -> None:
        """`units`: compare what is in the wrapping, not the bytes as they are."""
        self.packets = 0
        self._hash = hashlib.sha256()
        self._codec = codec_name(stream)
        self._extradata: bytes = stream.codec_context.extradata or b""
        self._units = units

    def add(self, packet: Packet[Stream]) -> None:
        """Take in one packet."""
        if is_end_of_subtitle(packet):
            return
        data = bytes(packet)
        self.packets += 1
        if not self._units:
            self._hash.update(data)
            return
        for unit in self._unwrapped(data):
            self._hash.update(len(unit).to_bytes(4, "big") + unit)

    @property
    def sha256(self) -> str:
        """The hash of everything taken in."""
        return self._hash.hexdigest()

    def _unwrapped(self, data: bytes) -> Iterator[bytes]:
        if self._codec == "aac":
            yield from _adts_payloads(data)
            return
        size = length_size(self._codec, self._extradata)
        for unit in _by_start_code(data) if size is None else _by_length(data, size):
            if unit and not (self._codec == "hevc" and (unit[0] >> 1) & 0x3F in _HEVC_PARAMETER_SETS):
                yield unit


def is_end_of_subtitle(packet: Packet[Stream]) -> bool:
    """MP4 marks the pause between two subtitles by an empty one; every muxer makes its own."""
    return packet.size == 2 and packet.stream.codec_context.name == "mov_text" and bytes(packet) == b"\0\0"


def needs_unwrapping(stream: Stream) -> bool:
    """Is this a broadcast stream, whose wrapping changes in MP4 and Matroska?"""
    codec, extradata = codec_name(stream), stream.codec_context.extradata or b""
    if codec == "aac":
        return not extradata
    return codec in ("h264", "hevc") and length_size(codec, extradata) is None


def length_size(codec: str, extradata: bytes) -> int | None:
    """Bytes in the length before each unit, from the avcC or hvcC header; None where start codes are used."""
    at = {"h264": 4, "hevc": 21}.get(codec)
    if at is None or len(extradata) <= at or extradata[0] != 1:
        return None
    return (extradata[at] & 3) + 1


def _by_start_code(data: bytes) -> Iterator[bytes]:
    for unit in data.split(_START_CODE)[1:]:
        yield unit.rstrip(b"\0")


def _by_length(data: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        yield data[at + size : at + size + length].rstrip(b"\0")
        at += size + length


def _adts_payloads(data: bytes) -> Iterator[bytes]:
    if data[:1] != b"\xff" or len(data) < _ADTS_HEADER or data[1] & 0xF6 != 0xF0:
        yield data
        return
    at = 0
    while at + _ADTS_HEADER <= len(data):
        header = data[at : at + _ADTS_HEADER]
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        if length < _ADTS_HEADER:
            return
        yield data[at + (_ADTS_HEADER if header[1] & 1 else _ADTS_HEADER + 2) : at + length]
        at += length


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
