"""Ways of breaking a film on purpose, each in one known place."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from film_damage import remuxed
from films import Film, film_path
from media_corpus.corpus_item import short

SHORT = short()
LONG = Film(seconds=4.0, b_frames=False)


@cache
def index_first() -> bytes:
    """A film of 4 s whose index comes before its packets, so that the packets can be broken alone."""
    with TemporaryDirectory() as folder:
        options = {"movflags": "+faststart"}
        return remuxed(film_path(LONG), Path(folder) / "film.mp4", options=options).read_bytes()


def data_of(film: Film) -> bytes:
    return film_path(film).read_bytes()


def matroska() -> bytes:
    return data_of(replace(LONG, container="mkv"))


def first_part(whole: Callable[[], bytes], share: float) -> bytes:
    data = whole()
    return data[: round(len(data) * share)]


def flipped(data: bytes, count: int, *, start: int, seed: int = 1) -> bytes:
    """So many bytes changed, at random places after the start."""
    draw, broken = np.random.default_rng(seed), bytearray(data)
    for at in draw.integers(start, len(data) - 500, count):
        broken[at] = int(draw.integers(256))
    return bytes(broken)


def in_packets(count: int) -> bytes:
    data = index_first()
    return flipped(data, count, start=data.find(b"mdat") + len(data) // 5)


def in_index(count: int) -> bytes:
    data = index_first()
    head = data.find(b"mdat")
    return flipped(data[: head + 500], count, start=60)[:head] + data[head:]


def hole() -> bytes:
    data = bytearray(index_first())
    middle = len(data) // 2
    data[middle : middle + 6000] = bytes(6000)
    return bytes(data)


def box_field(box: bytes, offset: int, value: int) -> bytes:
    """A number of 32 bits in a box of the index, replaced."""
    data = bytearray(index_first())
    struct.pack_into(">I", data, data.find(box) + offset, value)
    return bytes(data)


def unknown_codec(tag: bytes) -> bytes:
    data = index_first()
    at = data.find(tag, data.find(b"stsd"))
    return data[:at] + b"zzzz" + data[at + 4 :]


def unknown_sound() -> bytes:
    """Neither the tag nor the descriptor names a codec that there is."""
    data = unknown_codec(b"mp4a")
    at = data.find(b"\x04\x80\x80\x80", data.find(b"esds")) + 5
    return data[:at] + b"\x7f" + data[at + 1 :]


def random_bytes(count: int) -> bytes:
    return np.random.default_rng(7).bytes(count)


def empty_soundtrack(path: Path) -> None:
    """A track that is announced, and no packet in it."""
    with av.open(str(film_path(short("mkv")))) as old, av.open(str(path), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = kept[packet.stream_index]
                new.mux(packet)


def announced_soundtrack(path: Path) -> None:
    """A broadcast whose second soundtrack is announced and silent: nothing is known of it."""
    with av.open(str(film_path(short("ts", b_frames=False)))) as old, av.open(str(path), "w") as new:
        kept = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        new.add_stream("mp2", rate=48_000)
        for packet in old.demux():
            if packet.size:
                packet.stream = kept[packet.stream_index]
                new.mux(packet)


def from_the_middle() -> bytes:
    """A broadcast that somebody began to record after its only key picture."""
    data = data_of(short("ts", b_frames=False))
    return data[len(data) // 2 // 188 * 188 :]


def lying_length(path: Path) -> None:
    """A Matroska whose Duration says eleven thousand days."""
    data = bytearray(data_of(short("mkv")))
    at = data.find(b"\x44\x89\x88") + 3
    struct.pack_into(">d", data, at, 1e15)
    path.write_bytes(bytes(data))
