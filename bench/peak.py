"""Runs a command and tells, as one line of JSON after its output, how long it took and how much memory it needed.

    python peak.py COMMAND …

A process of its own, and a small one: a child counts the memory of the process it was forked from as its own peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

KIB = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


def main() -> None:
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:])
    _, status, usage = os.wait4(process.pid, 0)
    facts = {
        "exit": os.waitstatus_to_exitcode(status),
        "wall_seconds": time.perf_counter() - started,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * KIB / 1e6,
    }
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
