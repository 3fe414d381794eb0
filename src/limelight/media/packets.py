"""Reading packets and frames from files that are not perfect, and saying in one hash what a stream holds.

A damaged packet must cost its own length and no more; a damaged container must cost its rest. PyAV's `demux()` raises
on the first, and its `decode()` gives up on the second; here both carry on and count, up to a limit.

A copied packet goes through byte by byte, except where the container demands another wrapping: broadcast streams mark
the units of H.264 and HEVC by start codes and each AAC frame by an ADTS header; MP4 and Matroska give lengths and
headers apart. For such streams `Fingerprint` compares the units themselves, without start codes, lengths, ADTS headers,
padding, and HEVC's parameter sets (which move to the container's header). Equal packets may still be heard differently,
since containers say how much of the first and the last is to be left out; `DecodedSound` compares what is heard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import av.container
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from limelight.media.container import codec_name
from limelight.types import Samples

MAX_RESTARTS = 20
Item = TypeVar("Item")


class Reading(Iterator[Item]):
    """What is read from a file, item by item. What had to be mended is told in `notes`, after the last item."""

    def __init__(
        self, read: Callable[[list[str]], Generator[Item, None, None]], notes: list[str] | None = None
    ) -> None:
        """`read` fills the list that it is given; `notes` is one that a caller handed in."""
        self._notes = [] if notes is None else notes
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


Ear = Callable[[Samples, int, str], None]  # a block [C, n], its rate in Hz, its layout


class DecodedSound:
    """What a soundtrack decodes to, packet by packet: its start, its length, and a hash of its samples.

    `hashed`: so many samples enter the hash; None is all, 0 none. `ear`: is given every block [C, n], with its rate and layout.
    """

    def __init__(self, *, hashed: int | None = 0, ear: Ear | None = None) -> None:
        self.start_seconds: Fraction | None = None
        self.span_seconds = Fraction(0)  # from the start to the end by the container's clock: holes count
        self.samples = 0
        self.sample_rate = 1  # Hz
        self.longest_frame = 0  # samples
        self.damage = Damage()
        self._hashed, self._ear = hashed, ear
        self._hash = hashlib.sha256()
        self._format: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def add(self, packet: Packet[Stream]) -> None:
        """Decode one packet; the empty one at the end as well."""
        for frame in decode_packet(packet, self.damage):
            if isinstance(frame, AudioFrame) and frame.samples:
                self._add(frame)

    @property
    def seconds(self) -> Fraction:
        """The length of all samples."""
        return Fraction(self.samples, self.sample_rate)

    @property
    def sha256(self) -> str:
        """The hash of the samples, interleaved 32-bit floats."""
        return self._hash.hexdigest()

    def _add(self, frame: AudioFrame) -> None:
        self.sample_rate = frame.sample_rate
        if frame.pts is not None and frame.time_base is not None:
            start = frame.pts * frame.time_base
            self.start_seconds = start if self.start_seconds is None else self.start_seconds
            self.span_seconds = start + Fraction(frame.samples, frame.sample_rate) - self.start_seconds
        wanted = frame.samples if self._hashed is None else min(frame.samples, self._hashed - self.samples)
        channels = frame.layout.nb_channels
        data = self._interleaved(frame) if wanted > 0 or self._ear else b""
        if wanted > 0:
            self._hash.update(data[: wanted * channels * 4])
        if self._ear:
            self._ear(np.frombuffer(data, np.float32).reshape(-1, channels).T, frame.sample_rate, frame.layout.name)
        self.samples += frame.samples
        self.longest_frame = max(self.longest_frame, frame.samples)

    def _interleaved(self, frame: AudioFrame) -> bytes:
        """Through a resampler that only interleaves: PyAV 18 crashes on eight planes."""
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if key != self._format or self._resampler is None:
            self._format = key
            self._resampler = AudioResampler(format="flt", layout=frame.layout.name, rate=frame.sample_rate)
        width = frame.layout.nb_channels * 4  # bytes
        return b"".join(bytes(part.planes[0])[: part.samples * width] for part in self._resampler.resample(frame))


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
