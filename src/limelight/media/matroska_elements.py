"""The shape in which a picture is shown, put into a Matroska or WebM file that FFmpeg wrote.

FFmpeg's muxer takes it from a field that PyAV cannot set, and writes none. The head of the file may not grow, so the
name of the picture's track is written with spaces behind it (`ROOM` of them); the elements take their place, and what
is left becomes a `Void` element.

    Segment ── Tracks ─┬─ CRC-32              computed again
                       └─ TrackEntry ─┬─ Name
                                      └─ Video ── DisplayWidth, DisplayHeight, DisplayUnit
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from limelight.errors import OutputError

ROOM = 40  # bytes
_SEGMENT, _TRACKS = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b"
_CRC, _VOID, _TRACK, _TYPE, _NAME, _VIDEO = b"\xbf", b"\xec", b"\xae", b"\x83", b"\x53\x6e", b"\xe0"
_WIDTH, _HEIGHT, _UNIT = b"\x54\xb0", b"\x54\xba", b"\x54\xb2"
_PIXELS, _ASPECT_RATIO = 0, 3  # units of display
_PICTURE = 1  # type of track


def set_display(path: Path, width: int, height: int, pixel_aspect: Fraction, *, title: str) -> None:
    """Let the first picture of a file be shown with pixels of this shape; `width` and `height` are those stored.

    `title` is the name of its track, without the spaces. Raises `OutputError` where the file is not as FFmpeg writes it.
    """
    with path.open("r+b") as file:
        place = _find_tracks(file, path.stat().st_size)
        if place is None:
            raise OutputError("the result failed its check: it has no list of tracks; report this")
        start, end = place
        file.seek(start)
        old = file.read(end - start)
        new = _changed(old, _display(width, height, pixel_aspect), title)
        if new == old or len(new) != len(old):
            raise OutputError("the result failed its check: there is no room for the shape of the picture; report this")
        file.seek(start)
        file.write(new)


def _display(width: int, height: int, pixel_aspect: Fraction) -> bytes:
    """In pixels where they come out whole, else as a ratio."""
    shown = width * pixel_aspect
    if shown.denominator == 1:
        numbers = ((_WIDTH, int(shown)), (_HEIGHT, height), (_UNIT, _PIXELS))
    else:
        ratio = shown / height
        numbers = ((_WIDTH, ratio.numerator), (_HEIGHT, ratio.denominator), (_UNIT, _ASPECT_RATIO))
    return b"".join(_element(kind, number.to_bytes(4, "big")) for kind, number in numbers)


def _changed(tracks: bytes, display: bytes, title: str) -> bytes:
    """The content of `Tracks`, as long as before."""
    out, done = b"", False
    for kind, head, content in _elements(tracks):
        if kind == _TRACK and not done and _is_picture(content):
            content, done = _changed_track(content, display, title), True
        if kind != _CRC:
            out += head + content
    if tracks.startswith(_CRC):
        out = _element(_CRC, zlib.crc32(out).to_bytes(4, "little")) + out
    return out


def _changed_track(track: bytes, display: bytes, title: str) -> bytes:
    out = b""
    for kind, head, content in _elements(track):
        if kind == _VIDEO:
            kept = b"".join(h + c for k, h, c in _elements(content) if k not in (_WIDTH, _HEIGHT, _UNIT))
            out += _element(_VIDEO, kept + display)
        elif kind == _NAME:
            out += _element(_NAME, title.encode("utf-8", "surrogateescape")) if title else b""
        else:
            out += head + content
    left = len(track) - len(out)
    return out + (_void(left) if left else b"")


def _void(size: int) -> bytes:
    """An element of so many bytes, two or more, that says nothing."""
    return _VOID + bytes([0x80 | (size - 2)]) + bytes(size - 2)


def _element(kind: bytes, content: bytes) -> bytes:
    size = len(content)
    head = bytes([0x80 | size]) if size < 0x7F else (0x4000 | size).to_bytes(2, "big")
    return kind + head + content


def _is_picture(track: bytes) -> bool:
    return any(kind == _TYPE and content[-1:] == bytes([_PICTURE]) for kind, _, content in _elements(track))


def _elements(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, head (kind and size as they are) and content of the elements in a row."""
    at = 0
    while at < len(data):
        kind, size, content = _read_head(data[at : at + 12])
        yield kind, data[at : at + content], data[at + content : at + content + size]
        at += content + size


def _read_head(data: bytes) -> tuple[bytes, int, int]:
    """Kind, size of the content, and length of the head. The first set bit of a number tells how many bytes it has."""
    kind = data[: _length(data)]
    size = data[len(kind) : len(kind) + _length(data[len(kind) :])]
    value = int.from_bytes(size, "big") & ((1 << (7 * len(size))) - 1)
    return kind, value, len(kind) + len(size)


def _length(data: bytes) -> int:
    return 9 - data[0].bit_length() if data and data[0] else 1


def _find_tracks(file: BinaryIO, end: int) -> tuple[int, int] | None:
    """Where the content of `Tracks` begins and ends."""
    at = 0
    while at < end:
        file.seek(at)
        kind, size, head = _read_head(file.read(12))
        if kind == _TRACKS:
            return at + head, at + head + size
        at += head if kind == _SEGMENT else head + size
    return None
