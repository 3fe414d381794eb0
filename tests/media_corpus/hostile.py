"""Files made to harm: scripts that point elsewhere, pictures as large as memory, names that are commands."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from pathlib import Path

import av
from films import film_path
from media_corpus.breaking import index_first
from media_corpus.corpus_item import CorpusItem, of_bytes, of_film, short
from media_corpus.damaged import LOST, NOT_MEDIA

SHORT = short()
NEIGHBOUR = "neighbour.ts"  # what the scripts point to; it is there when they are opened
PLAY_LIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n"
SESSION = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 49170 RTP/AVP 0\n"


def play_list(place: str) -> bytes:
    return PLAY_LIST.format(place).encode()


@cache
def picture_of(side: int) -> bytes:
    """A black PNG, large when it is decoded and small on the disk."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * side)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def cover_bomb(path: Path) -> None:
    """A film whose cover takes 190 MB to look at."""
    with av.open(str(film_path(short("mkv")))) as old, av.open(str(path), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        new.add_attachment("cover.png", "image/png", picture_of(8000))
        for packet in old.demux():
            if packet.size:
                packet.stream = kept[packet.stream_index]
                new.mux(packet)


def lying_size() -> bytes:
    """The container says 65,535 × 65,535, the pictures say 64 × 48."""
    data = bytearray(index_first())
    struct.pack_into(">HH", data, data.find(b"avc1", data.find(b"stsd")) + 28, 65_535, 65_535)
    return bytes(data)


def reference_film(*, url: bytes = b"", alias: bytes = b"") -> bytes:
    """A QuickTime film whose packets lie in another file, named by a `url ` or an `alis` data reference."""
    data = index_first()
    at = data.find(b"dref")
    length = struct.unpack(">I", data[at - 4 : at])[0]
    kind, place = (b"url ", url) if url else (b"alis", alias_record(alias))
    entry = struct.pack(">I4sI", 12 + len(place), kind, 0) + place
    box = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    return _with_larger_boxes(data, at - 4, length, box)


def alias_record(path: bytes) -> bytes:
    """What old QuickTime writes: where a file lies, relative and absolute."""
    head = struct.pack(">4sHHH", b"    ", 0, 2, 0) + b"\x04disk".ljust(28, b"\0") + bytes(12)
    name = bytes([len(path)]) + path.ljust(63, b"\0")
    tail = struct.pack(">HH", 0xFFFF, 0) + bytes(26)
    absolute = struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2)
    return head + name + bytes(16) + struct.pack(">HH", 1, 1) + tail[:16] + absolute + struct.pack(">HH", 0xFFFF, 0)


def _with_larger_boxes(data: bytes, at: int, length: int, box: bytes) -> bytes:
    """A box replaced, and the boxes around it made to fit."""
    grown, made = len(box) - length, bytearray(data)
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = data.rfind(name, 0, at) - 4
        struct.pack_into(">I", made, place, struct.unpack(">I", data[place : place + 4])[0] + grown)
    made[at : at + length] = box
    return bytes(made)


SCRIPTS = tuple(
    of_bytes(name, why, content, NOT_MEDIA, **LOST)
    for name, why, content in (
        ("list.mp4", "a play list that names a neighbour", play_list(NEIGHBOUR)),
        ("list.m3u8", "a play list that names a neighbour", play_list(NEIGHBOUR)),
        ("web-list.mp4", "a play list that names another computer", play_list("http://127.0.0.1:9/film.ts")),
        ("concat.mp4", "a script that joins films", f"ffconcat version 1.0\nfile {NEIGHBOUR}\n".encode()),
        ("session.mp4", "a description that opens a network socket", SESSION),
        ("picture.mp4", "a still picture", lambda: picture_of(64)),
    )
)
BOMBS: tuple[CorpusItem, ...] = (
    CorpusItem(
        "cover-bomb.mkv",
        "a cover of 64 million points in 0.2 MB",
        cover_bomb,
        ("OK", "E_LIMIT"),
        copies="nothing",
    ),
    of_film(
        "8192-squared.mp4",
        "67 million points in a small file",
        short(size=(8192, 8192), seconds=0.04),
        codes=("E_LIMIT",),
        said="8192 × 4320",
        **LOST,
    ),
    of_bytes("lying-size.mp4", "the container exaggerates", lying_size, ("OK", "E_LIMIT"), **LOST),
)
REFERENCES = (
    of_bytes(
        "reference-url.mov",
        "its packets lie elsewhere, says a URL",
        lambda: reference_film(url=b"file:" + NEIGHBOUR.encode()),
        ("OK", "E_NOT_MEDIA", "E_DAMAGED", "E_NO_AUDIO", "E_UNSUPPORTED"),
        **LOST,
    ),
    of_bytes(
        "reference-alias.mov",
        "its packets lie elsewhere, says an alias",
        lambda: reference_film(alias=NEIGHBOUR.encode()),
        ("OK", "E_NOT_MEDIA", "E_DAMAGED", "E_NO_AUDIO", "E_UNSUPPORTED"),
        **LOST,
    ),
)
NAMES = tuple(
    of_film(name, why, SHORT)
    for name, why in (
        ("-ü☃ %03d;$(x)'\".mp4", "a name that shells and printf know"),
        ("a:b.mp4", "a name that is a protocol"),
        ("concat:a|b.mp4", "a name that is a script"),
        ("escape\x1b]0;owned\x07.mp4", "a name that talks to the terminal"),
        ("broken\udcff.mp4", "a name that is no text"),
        ("line\nbreak.mp4", "a name of two lines"),
    )
)
ITEMS: tuple[CorpusItem, ...] = SCRIPTS + BOMBS + REFERENCES + NAMES
