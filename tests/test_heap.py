"""Threads share one heap, and large arrays lie outside, where the system lets us ask for it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

COUNT_HEAPS = """
import ctypes, sys, threading
from limelight.runtime import keep_heap_small
keep_heap_small()
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
def test_threads_keep_heap_small(tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", COUNT_HEAPS, str(told)], check=True)
    assert told.read_text().count("<heap nr=") == 1


LEAVE_SMALL_THINGS = """
import numpy as np
from limelight.runtime import keep_heap_small
keep_heap_small()
def megabytes():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096 / 1e6
np.ones(500_000)
before = megabytes()
large, small = [], []
for _ in range(50):
    large.append(np.ones(250_000))
    small.append(bytes(2000))
held = megabytes()
large.clear()
print(held - before, megabytes() - before)
"""


@pytest.mark.skipif(not _is_glibc(), reason="only glibc learns to keep large arrays")
def test_large_arrays_are_given_back_whatever_lies_between_them() -> None:
    run = subprocess.run([sys.executable, "-c", LEAVE_SMALL_THINGS], capture_output=True, text=True, check=True)
    held, left = map(float, run.stdout.split())
    assert held > 90
    assert left < 10
