"""Boxes of an MP4 or MOV file, read and changed: what cameras and editors write and FFmpeg's muxer does not.

The films of the tests have their `moov` box last, so that it can grow without moving what it points to.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

CONTAINERS = {b"moov": 0, b"trak": 0, b"edts": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"udta": 0, b"stsd": 8}
ENTRIES = {**dict.fromkeys((b"avc1", b"hvc1", b"hev1", b"mp4v", b"ap4h", b"apch", b"dvh1"), 78), b"mp4a": 28}
Change = Callable[[bytes], bytes]


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def children(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each box in a row."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + size]))
        at += size
    return found


def changed(data: bytes, path: tuple[bytes, ...], change: Change, *, number: int = 0) -> bytes:
    """Boxes in which the content of the one at `path` is changed; `number`: of the track, where `path` goes through one."""
    out, seen = b"", 0
    for kind, content in children(data):
        if kind == path[0]:
            if kind != b"trak" or seen == number:
                content = _changed_content(kind, content, path[1:], change, number)
            seen += 1
        out += box(kind, content)
    return out


def _changed_content(kind: bytes, content: bytes, rest: tuple[bytes, ...], change: Change, number: int) -> bytes:
    if not rest:
        return change(content)
    head = CONTAINERS.get(kind, ENTRIES.get(kind, 0))
    return content[:head] + changed(content[head:], rest, change, number=number)


def change_box(path: Path, where: str, change: Change, *, track: int = 0) -> Path:
    """Change one box of a file in place, named as "moov/trak/edts/elst"."""
    data = path.read_bytes()
    path.write_bytes(changed(data, tuple(where.encode("latin-1").split(b"/")), change, number=track))
    return path


def box_content(path: Path, where: str, *, track: int = 0) -> bytes:
    """The content of one box."""
    found: list[bytes] = []

    def remember(content: bytes) -> bytes:
        found.append(content)
        return content

    changed(path.read_bytes(), tuple(where.encode("latin-1").split(b"/")), remember, number=track)
    return found[0]


def set_edits(path: Path, edits: list[tuple[int, int]], *, track: int = 0) -> Path:
    """The edit list of a track: length in the movie's ticks and first time in the track's, for each entry."""
    entries = b"".join(struct.pack(">IiHH", length, media_time, 1, 0) for length, media_time in edits)
    content = bytes(4) + struct.pack(">I", len(edits)) + entries
    return change_box(path, "moov/trak/edts/elst", lambda _: content, track=track)
