"""One heap for all threads, and large arrays beside it, so that the memory of a long film is that of a short one.

glibc gives each thread a heap of its own, and what one thread frees no other can use: passing 10 MB arrays from thread
to thread was seen to need 440 MB where one heap needs 300 MB. And it first gives large arrays pages of their own, but
after the first is freed puts them into the heap too, where whatever small lies behind them keeps their place from the
system: with pages of their own for good, 285 MB became 260 MB, and what a film needs at once is all that it holds.
Other systems share a heap anyway.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # <malloc.h>
_LARGE_BYTES = 1_000_000  # a window's spectra have 8 MB, a second of sound 0.4 MB
_SPARE_BYTES = 8_000_000  # at the end of the heap, not given back: asking again for each array would take time


def share_one_heap() -> None:
    """For a program, not a library: it holds for the whole process. To be called before its threads start."""
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if set_option:
            set_option(_M_ARENA_MAX, 1)
            set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            set_option(_M_TRIM_THRESHOLD, _SPARE_BYTES)
