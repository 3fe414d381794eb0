"""Seeded ways of breaking a file: case (seed, number) is always the same bytes.

A mutation is drawn as a plain record of what is done where, and then applied; what breaks the program can be made again
from two numbers, or cut down by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
HEAD = 4096  # bytes in which most of a container's structure lies
Operator = Callable[[bytearray, Random, bytes], None]


def mutated(data: bytes, other: bytes, *, seed: int, number: int) -> bytes:
    """`data` after one to three drawn operators; `other` is a file to splice from."""
    draw = Random(f"{seed}:{number}")
    broken = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 3))):
        draw.choice(OPERATORS)(broken, draw, other)
    return bytes(broken)


def _place(data: bytearray, draw: Random, length: int = 1) -> int:
    """Anywhere; half of the time near the head or the tail, where the structure is."""
    last = max(0, len(data) - length)
    kind = draw.random()
    if kind < 0.35:
        return draw.randint(0, min(last, HEAD))
    return draw.randint(max(0, last - HEAD), last) if kind < 0.5 else draw.randint(0, last)


def flip_bits(data: bytearray, draw: Random, other: bytes) -> None:
    for _ in range(draw.choice((1, 4, 16, 64)) if data else 0):
        data[_place(data, draw)] ^= 1 << draw.randrange(8)


def set_bytes(data: bytearray, draw: Random, other: bytes) -> None:
    for _ in range(draw.choice((1, 8, 64)) if data else 0):
        data[_place(data, draw)] = draw.choice((0, 0xFF, draw.randrange(256)))


def set_number(data: bytearray, draw: Random, other: bytes) -> None:
    """A 16, 32 or 64 bit number at the edge of its range, in either byte order."""
    size = draw.choice((2, 4, 4, 8))
    at = _place(data, draw, size)
    value = draw.choice(EDGES) % (1 << 8 * size)
    data[at : at + size] = value.to_bytes(size, draw.choice(("big", "big", "little")))


def cut(data: bytearray, draw: Random, other: bytes) -> None:
    del data[_place(data, draw) :]


def remove(data: bytearray, draw: Random, other: bytes) -> None:
    at = _place(data, draw)
    del data[at : at + draw.choice((1, 7, 188, 4000))]


def insert(data: bytearray, draw: Random, other: bytes) -> None:
    at = _place(data, draw)
    data[at:at] = draw.randbytes(draw.choice((1, 7, 188, 1000)))


def repeat(data: bytearray, draw: Random, other: bytes) -> None:
    at = _place(data, draw)
    data[at:at] = data[at : at + draw.choice((16, 188, 4000))]


def blank(data: bytearray, draw: Random, other: bytes) -> None:
    at = _place(data, draw)
    length = min(len(data) - at, draw.choice((16, 188, 4000)))
    data[at : at + length] = bytes(length)


def swap(data: bytearray, draw: Random, other: bytes) -> None:
    one, two, length = _place(data, draw), _place(data, draw), draw.choice((4, 188, 1000))
    if abs(one - two) >= length and max(one, two) + length <= len(data):
        data[one : one + length], data[two : two + length] = data[two : two + length], data[one : one + length]


def splice(data: bytearray, draw: Random, other: bytes) -> None:
    """The rest of another film."""
    at = draw.randint(0, len(other))
    data[_place(data, draw) :] = other[at:]


def rename(data: bytearray, draw: Random, other: bytes) -> None:
    """The name of a box changed to that of another: four letters to four letters."""
    names = [at for at in range(4, min(len(data), HEAD) - 4) if bytes(data[at : at + 4]).isalnum()]
    if len(names) > 1:
        one, two = draw.sample(names, 2)
        data[one : one + 4] = data[two : two + 4]


OPERATORS: tuple[Operator, ...] = (
    flip_bits,
    set_bytes,
    set_number,
    set_number,
    cut,
    remove,
    insert,
    repeat,
    blank,
    swap,
    splice,
    rename,
)
