"""MP4 and MOV: boxes that FFmpeg's muxer does not write, and edit lists.

Boxes of MP4 and MOV that FFmpeg's muxer does not write, put into its file after it.

    moov ─┬─ trak ─┬─ edts/elst               `end_edit`: the time at which a track ends
          │        ├─ mdia/…/stsd/entry       `keep_boxes`: its name (ap4h, dvh1) and boxes (Dolby Vision, 360°, stereo)
          │        └─ udta/name               …takes the room for them from here
          └─ udta ─── ©xyz                    …as phones write the place, beside FFmpeg's `loci`

The index stands before the sound and pictures it points to, so it may not grow. Therefore the name of the picture's track
is written with spaces behind it (`room_needed`), and what is put in takes their place; the rest becomes a `free` box.

What an edit list hides stays hidden.

MP4 and MOV keep packets that are not shown: pictures that others refer to, and whatever a phone or an editor trimmed away
without cutting the file. FFmpeg marks them "discard". Of these,

    before the first shown picture     all are kept; they lie before time 0, which hides them in MP4 and MOV
    after the last                     none is kept
    between, then a key picture        none is kept: nothing refers to them
    between, later than what follows   kept (what follows refers to them), and the new edit list ends before them
    between, earlier than what follows a cut that cannot be written without encoding the picture again: refused
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from av.packet import Packet
from av.stream import Stream

from limelight.errors import OutputError, Unsupported

_HEADER = struct.Struct(">I4s")
_SAMPLE_DESCRIPTIONS = 8  # bytes before the entries of a stsd box
_PICTURE_ENTRY = 78  # bytes before the boxes in an entry for pictures
_ENTRY_BOXES = frozenset({b"dvcC", b"dvvC", b"dvwC", b"sv3d", b"st3d", b"vexu", b"hfov", b"mdcv", b"clli", b"amve"})
_SPHERICAL_V1 = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")  # the uuid of the older form of sv3d, in XML
_GOOGLE = frozenset({b"sv3d", b"st3d"})
_PLACE = b"\xa9xyz"
_IN_BOTH = frozenset({b"avc1", b"avc3", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"dva1", b"dvav"})  # names of entries
_LARGEST = 1 << 16  # bytes, of a box that is kept


@dataclass(frozen=True)
class Box:
    """Where a box stands in its file, in bytes."""

    kind: bytes
    start: int
    content: int
    end: int


@dataclass(frozen=True)
class KeptBoxes:
    """What the source says of its picture in boxes that FFmpeg may not write, each box whole."""

    entry: bytes = b""  # the name of the sample entry
    entry_boxes: tuple[bytes, ...] = ()
    track_boxes: tuple[bytes, ...] = ()
    film_boxes: tuple[bytes, ...] = ()

    @property
    def room_needed(self) -> int:
        """So many bytes for all of them, and for a `free` box."""
        boxes = (*self.entry_boxes, *self.track_boxes, *self.film_boxes)
        return sum(map(len, boxes)) + _HEADER.size if boxes else 0


def read_kept(path: Path, track: int) -> KeptBoxes:
    """Gather these boxes from an MP4 or MOV file; `track` is the picture's number, from 0."""
    with path.open("rb") as file:
        film = _find(file, _top(path), b"moov")
        tracks = [box for box in _children(file, film) if box.kind == b"trak"] if film else []
        if film is None or track >= len(tracks):
            return KeptBoxes()
        entry = _sample_entry(file, tracks[track])
        if entry is None:
            return KeptBoxes()
        inside = _boxes(file, entry.content + _PICTURE_ENTRY, entry.end)
        place = _find(file, _find(file, film, b"udta"), _PLACE)
        return KeptBoxes(
            entry=entry.kind,
            entry_boxes=tuple(_whole(file, box) for box in inside if box.kind in _ENTRY_BOXES and _is_small(box)),
            track_boxes=tuple(_whole(file, box) for box in _children(file, tracks[track]) if _is_spherical(file, box)),
            film_boxes=(_whole(file, place),) if place and _is_small(place) else (),
        )


def keep_boxes(path: Path, track: int, kept: KeptBoxes, *, title: str, same_container: bool) -> None:
    """Put into a file that FFmpeg wrote what it left out of `kept`, and take the spaces from the track's `title`.

    The name of the sample entry is kept where source and result are of the `same_container`, else where both use it.
    """
    with path.open("r+b") as file:
        film = _find(file, _top(path), b"moov")
        tracks = [box for box in _children(file, film) if box.kind == b"trak"] if film else []
        if film is None or track >= len(tracks):
            raise OutputError("the result failed its check: its picture has no track; report this")
        entry = _sample_entry(file, tracks[track])
        if entry is not None and kept.entry and (same_container or kept.entry in _IN_BOTH):
            file.seek(entry.start + 4)
            file.write(kept.entry)
        if entry is not None and kept.room_needed:
            _put_in(file, film, tracks[track], entry, kept, title)


def end_edit(path: Path, track: int, seconds: Fraction) -> None:
    """Let a track (by its number in the file, from 0) of an MP4 or MOV file that FFmpeg wrote be shown to this time.

    FFmpeg writes an edit list whose last entry lasts to the end of the track; it is shortened in place. Raises
    `OutputError` where there is none.
    """
    with path.open("r+b") as file:
        film = _find(file, _top(path), b"moov")
        header = _find(file, film, b"mvhd")
        tracks = [box for box in _children(file, film) if box.kind == b"trak"] if film else []
        edits = _find(file, _find(file, tracks[track], b"edts"), b"elst") if track < len(tracks) else None
        track_header = _find(file, tracks[track], b"tkhd") if track < len(tracks) else None
        if header is None or edits is None or track_header is None:
            raise OutputError("the result failed its check: it has no edit list to end the picture with; report this")
        length = _shorten_list(file, edits.content, round(seconds * _timescale(file, header.content)))
        _write_number(file, track_header.content, length, narrow=20, wide=28)


def _put_in(file: BinaryIO, film: Box, track: Box, entry: Box, kept: KeptBoxes, title: str) -> None:
    there = {box.kind: box for box in _boxes(file, entry.content + _PICTURE_ENTRY, entry.end)}
    film_data, track_data = _find(file, film, b"udta"), _find(file, track, b"udta")
    if track_data is None or track_data.end != track.end:
        raise OutputError("the result failed its check: its picture's track is not as it was written; report this")
    in_entry = _missing(file, kept, there)
    spherical = b"" if b"sv3d" in there else b"".join(kept.track_boxes)
    place = b"".join(kept.film_boxes)
    if film_data is None or film_data.end != film.end or _find(file, film_data, _PLACE) or film_data.start < track.end:
        place = b""
    parents = _parents(file, track)
    whole_track = _read(file, entry.end, track_data.start)
    size = track_data.end - track_data.start - len(in_entry) - len(spherical) - len(place)
    others = b"".join(_whole(file, box) for box in _children(file, track_data) if box.kind not in (b"name", b"free"))
    behind = _read(file, track.end, film.end) if place else b""
    file.seek(entry.end)
    file.write(in_entry + whole_track + spherical + _track_data(title, others, size) + behind + place)
    for box in (entry, *parents):
        _resize(file, box, len(in_entry))
    if place and film_data is not None:
        _resize(file, track, -len(place))
        _resize(file, Box(film_data.kind, film_data.start - len(place), 0, film_data.end - len(place)), len(place))


def _missing(file: BinaryIO, kept: KeptBoxes, there: Mapping[bytes, Box]) -> bytes:
    """The boxes of the source's sample entry that are not in the result's.

    In MOV FFmpeg says by Apple's `vexu` what the source says by `sv3d` and `st3d`. It does not read both in that order.
    """
    kinds = {box[4:8] for box in kept.entry_boxes}
    new = [box for box in kept.entry_boxes if box[4:8] not in there]
    if b"vexu" in there and any(box[4:8] in _GOOGLE for box in new):
        if b"vexu" in kinds:
            new = [box for box in new if box[4:8] not in _GOOGLE]
        else:
            file.seek(there[b"vexu"].start + 4)
            file.write(b"free")
    return b"".join(new)


def _parents(file: BinaryIO, track: Box) -> list[Box]:
    """The boxes between a track and its sample entry."""
    found, box = [], track
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        inner = _find(file, box, kind)
        assert inner is not None  # the entry was found in it
        found.append(inner)
        box = inner
    return found


def _track_data(title: str, others: bytes, size: int) -> bytes:
    """The `udta` box of a track that has a name or none, and other boxes, filled up to `size` bytes."""
    name = title.encode("utf-8", "surrogateescape")
    content = others + (_box(b"name", name) if name else b"")
    return _box(b"udta", content + _box(b"free", bytes(size - len(content) - 2 * _HEADER.size)))


def _box(kind: bytes, content: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(content), kind) + content


def _resize(file: BinaryIO, box: Box, more: int) -> None:
    file.seek(box.start)
    file.write((box.end - box.start + more).to_bytes(4, "big"))


def _top(path: Path) -> Box:
    return Box(b"", 0, 0, path.stat().st_size)


def _children(file: BinaryIO, box: Box | None) -> list[Box]:
    return [] if box is None else list(_boxes(file, box.content, box.end))


def _find(file: BinaryIO, box: Box | None, kind: bytes) -> Box | None:
    return next((child for child in _children(file, box) if child.kind == kind), None)


def _sample_entry(file: BinaryIO, track: Box) -> Box | None:
    box: Box | None = track
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        box = _find(file, box, kind)
    return None if box is None else next(_boxes(file, box.content + _SAMPLE_DESCRIPTIONS, box.end), None)


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[Box]:
    """The boxes in a row. What is damaged ends it."""
    while at + _HEADER.size <= end:
        file.seek(at)
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return
        size, kind = _HEADER.unpack(head)
        content = at + _HEADER.size
        if size == 1:
            size = int.from_bytes(file.read(8), "big")
            content += 8
        size = size or end - at
        if size < content - at or at + size > end:
            return
        yield Box(kind, at, content, at + size)
        at += size


def _whole(file: BinaryIO, box: Box) -> bytes:
    return _read(file, box.start, box.end)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _is_small(box: Box) -> bool:
    return box.end - box.start <= _LARGEST


def _is_spherical(file: BinaryIO, box: Box) -> bool:
    return box.kind == b"uuid" and _is_small(box) and _read(file, box.content, box.content + 16) == _SPHERICAL_V1


def _timescale(file: BinaryIO, movie_header: int) -> int:
    wide = _read(file, movie_header, movie_header + 1) == b"\1"
    at = movie_header + (20 if wide else 12)
    return int.from_bytes(_read(file, at, at + 4), "big")


def _shorten_list(file: BinaryIO, at: int, shown: int) -> int:
    """End the last entry of an edit list so that what is shown lasts until `shown`; returns the length of all entries.

    An empty entry before it, while which nothing is shown, counts.
    """
    wide = _read(file, at, at + 1) == b"\1"
    count = int.from_bytes(_read(file, at + 4, at + 8), "big")
    entry = struct.Struct(">QqI" if wide else ">IiI")
    place = at + 8 + (count - 1) * entry.size
    lengths: Sequence[int] = [
        entry.unpack(_read(file, start, start + entry.size))[0] for start in range(at + 8, place, entry.size)
    ]
    before = sum(lengths)
    _, media_time, rate = entry.unpack(_read(file, place, place + entry.size))
    file.seek(place)
    file.write(entry.pack(max(0, shown - before), media_time, rate))
    return max(before, shown)


def _write_number(file: BinaryIO, at: int, number: int, *, narrow: int, wide: int) -> None:
    """Into a box whose version says how wide it is and where it stands."""
    is_wide = _read(file, at, at + 1) == b"\1"
    file.seek(at + (wide if is_wide else narrow))
    file.write(number.to_bytes(8 if is_wide else 4, "big"))


MOST_WAITING = 1000  # packets: more than lie between two key pictures, and a bound on memory


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
