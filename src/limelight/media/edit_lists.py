"""What an edit list hides stays hidden.

MP4 and MOV keep packets that are not shown: pictures that others refer to, and whatever a phone or an editor trimmed away
without cutting the file. FFmpeg marks them "discard". Of these,

    before the first shown picture     all are kept; they lie before time 0, which hides them in MP4 and MOV
    after the last                     none is kept
    between, then a key picture        none is kept: nothing refers to them
    between, later than what follows   kept (what follows refers to them), and the new edit list ends before them
    between, earlier than what follows a cut that cannot be written without encoding the picture again: refused

The muxer of FFmpeg writes an edit list of one entry that lasts to the end of the track; `end_edit` shortens it in place.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from av.packet import Packet
from av.stream import Stream

from limelight.errors import OutputError, Unsupported

_BOXES_TO_ENTER = frozenset({b"moov", b"trak", b"edts"})
MOST_WAITING = 1000  # packets: more than lie between two key pictures, and a bound on memory
_HEADER = struct.Struct(">I4s")


class HiddenPackets:
    """Decides for one stream which hidden packets are copied."""

    def __init__(self, words: str, *, is_picture: bool) -> None:
        self._words = words
        self._is_picture = is_picture
        self._waiting: list[Packet[Stream]] = []
        self._too_many = False  # of them: they were let go
        self._hidden_from: int | None = None  # ticks: the earliest of those kept behind what is shown
        self._shown_from: int | None = None  # ticks
        self._shown_until: int | None = None
        self._tick: Fraction | None = None

    def due(self, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """The packets to be copied now that this one has come. Raises `Unsupported` where a cut cannot be copied."""
        if packet.is_discard:
            self._waiting.append(packet)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._too_many = True
            return []
        if self._too_many and self._is_picture and not packet.is_keyframe:
            raise self._cut()
        self._too_many = False
        waiting, self._waiting = self._waiting, []
        if self._shown_until is not None and not (self._is_picture and not packet.is_keyframe):
            waiting = []
        if packet.pts is not None:
            end = packet.pts + (packet.duration or 0)
            self._shown_from = packet.pts if self._shown_from is None else min(packet.pts, self._shown_from)
            self._shown_until = end if self._shown_until is None else max(end, self._shown_until)
            self._tick = packet.time_base
            self._check_cut(waiting, packet.pts, self._shown_from)
        return [*waiting, packet]

    @property
    def end_seconds(self) -> Fraction | None:
        """Where the new edit list is to end, on the source's time line; None where nothing lies behind."""
        if self._hidden_from is None or self._shown_until is None or self._tick is None:
            return None
        return min(self._shown_until, self._hidden_from) * self._tick

    def _check_cut(self, waiting: list[Packet[Stream]], time: int, shown_from: int) -> None:
        behind = [hidden.pts for hidden in waiting if hidden.pts is not None and hidden.pts > shown_from]
        if self._hidden_from is not None:
            behind.append(self._hidden_from)
        self._hidden_from = min(behind, default=None)
        if self._hidden_from is not None and time > self._hidden_from:
            raise self._cut()

    def _cut(self) -> Unsupported:
        return Unsupported(
            f"cannot copy the {self._words}: an edit list cuts something out of its middle, at a place where it cannot be "
            "cut without encoding it again; export the film from the editor, or convert it"
        )


def end_edit(path: Path, track: int, seconds: Fraction) -> None:
    """Let a track (by its number in the file, from 0) of an MP4 or MOV file that FFmpeg wrote be shown to this time.

    Raises `OutputError` where the file has no edit list for it.
    """
    with path.open("r+b") as file:
        boxes = list(_boxes(file, 0, path.stat().st_size))
        tracks = [at for kind, at in boxes if kind == b"trak"]
        ends = [*tracks[1:], path.stat().st_size]
        inside = [(kind, at) for kind, at in boxes if track < len(tracks) and tracks[track] < at < ends[track]]
        timescale = next((_read_timescale(file, at) for kind, at in boxes if kind == b"mvhd"), 0)
        lists = [at for kind, at in inside if kind == b"elst"]
        if not lists or not timescale:
            raise OutputError("the result failed its check: it has no edit list to end the picture with; report this")
        length = _shorten_list(file, lists[0], round(seconds * timescale))
        for kind, at in inside:
            if kind == b"tkhd":
                _write_number(file, at, length, narrow=20, wide=28)


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Kind and place of the content of each box, those inside it after it."""
    while at + _HEADER.size <= end:
        file.seek(at)
        size, kind = _HEADER.unpack(file.read(_HEADER.size))
        content = at + _HEADER.size
        if size == 1:
            size = int.from_bytes(file.read(8), "big")
            content += 8
        if size < _HEADER.size:
            return
        yield kind, content
        if kind in _BOXES_TO_ENTER:
            yield from _boxes(file, content, at + size)
        at += size


def _read_timescale(file: BinaryIO, movie_header: int) -> int:
    file.seek(movie_header)
    wide = file.read(1) == b"\1"
    file.seek(movie_header + (20 if wide else 12))
    return int.from_bytes(file.read(4), "big")


def _shorten_list(file: BinaryIO, at: int, shown: int) -> int:
    """End the last entry of an edit list so that what is shown lasts until `shown`; returns the length of all entries.

    An empty entry before it, while which nothing is shown, counts.
    """
    file.seek(at)
    wide = file.read(1) == b"\1"
    file.seek(at + 4)
    count = int.from_bytes(file.read(4), "big")
    entry = struct.Struct(">QqI" if wide else ">IiI")
    before = 0
    for _ in range(count - 1):
        before += entry.unpack(file.read(entry.size))[0]
    place = file.tell()
    _, media_time, rate = entry.unpack(file.read(entry.size))
    file.seek(place)
    file.write(entry.pack(max(0, shown - before), media_time, rate))
    return max(before, shown)


def _write_number(file: BinaryIO, at: int, number: int, *, narrow: int, wide: int) -> None:
    """Into a box whose version says how wide it is and where it stands."""
    file.seek(at)
    is_wide = file.read(1) == b"\1"
    file.seek(at + (wide if is_wide else narrow))
    file.write(number.to_bytes(8 if is_wide else 4, "big"))
