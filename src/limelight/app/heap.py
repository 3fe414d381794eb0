"""One heap for all threads, so that the memory of a long film is that of a short one.

glibc gives each thread a heap of its own, and what one thread frees no other can use: passing 10 MB arrays from thread
to thread was seen to need 440 MB where one heap needs 300 MB. Other systems share a heap anyway.
"""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8  # <malloc.h>


def share_one_heap() -> None:
    """For a program, not a library: it holds for the whole process. To be called before its threads start."""
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if set_option:
            set_option(_M_ARENA_MAX, 1)
