"""One heap for all threads, and large arrays beside it, so that the memory of a long film is that of a short one.

glibc gives each thread a heap of its own, and what one thread frees no other can use: passing 10 MB arrays from thread
to thread was seen to need 440 MB where one heap needs 300 MB. It gives a large array pages of its own, but from the
first that is freed it learns to put them into the heap too, where they stay with us because of whatever small thing lies
behind them. With pages of their own for good a film needs 260 MB instead of 285 MB, in the same time.
Other systems share a heap anyway.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # <malloc.h>
_LARGE_BYTES = 1_000_000  # a window's spectra have 8 MB, a second of sound 0.4 MB
_SPARE_BYTES = 8_000_000  # kept at the end of the heap: to ask for them again would take time


def keep_heap_small() -> None:
    """One for all threads, and large arrays outside. It holds for the whole process, so it is for programs, not for a
    library; to be called before threads start."""
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if set_option:
            set_option(_M_ARENA_MAX, 1)
            set_option(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            set_option(_M_TRIM_THRESHOLD, _SPARE_BYTES)


def give_back() -> None:
    """What was freed goes back to the system, wherever in the heap it lies. To be called when a stage is over."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)
