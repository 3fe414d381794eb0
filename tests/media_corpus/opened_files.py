"""Which files are opened, whoever opens them: Linux tells, FFmpeg's own calls included, where Python's audit is blind."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AVAILABLE = sys.platform == "linux"
_OPENED = 0x20  # <sys/inotify.h>
_EVENT = struct.Struct("iIII")


@contextmanager
def watched(folder: Path) -> Iterator[set[str]]:
    """The names of the files in a folder that are opened while the block runs; known when it ends."""
    system, names = ctypes.CDLL(None), set()
    handle = system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if handle < 0 or system.inotify_add_watch(handle, os.fsencode(folder), _OPENED) < 0:
        raise OSError("this system does not tell which files are opened")
    try:
        yield names
        while events := _read(handle):
            names |= set(_names(events))
    finally:
        os.close(handle)


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1 << 16)
    except BlockingIOError:
        return b""


def _names(events: bytes) -> Iterator[str]:
    at = 0
    while at < len(events):
        length = _EVENT.unpack_from(events, at)[3]
        at += _EVENT.size
        if name := events[at : at + length].rstrip(b"\0"):
            yield os.fsdecode(name)
        at += length
