"""Threads share one heap, where the system lets us ask for it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

COUNT_HEAPS = """
import ctypes, sys, threading
from limelight.app.heap import share_one_heap
share_one_heap()
work = lambda: [bytes(600) for _ in range(2000)]
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
system = ctypes.CDLL(None)
system.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(system.fopen(sys.argv[1].encode(), b"w"))
system.malloc_info(0, file)
system.fclose(file)
"""


def _is_glibc() -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_info")


@pytest.mark.skipif(not _is_glibc(), reason="only glibc gives each thread a heap, and counts them")
def test_threads_share_one_heap(tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", COUNT_HEAPS, str(told)], check=True)
    assert told.read_text().count("<heap nr=") == 1
