"""Workers killed at any moment: while they start, work, report, or have nothing to do."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from batch.small_jobs import brief

from limelight.batch.local_engine import LocalEngine
from limelight.batch.queue import Queue

SIGNALS = (signal.SIGKILL, signal.SIGTERM)


def killed_now(pid: int, number: int) -> bool:
    """Sends a signal; no kill where the worker has just ended by itself."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def faults_of_kills(folder: Path, *, kills: int, seed: int, workers: int = 2) -> list[str]:
    """Jobs go on until so many workers were killed; what was lost, told twice or left half-done."""
    draw, engine, told, submitted, killed = random.Random(seed), LocalEngine(workers), Counter[int](), 0, 0
    ends = time.monotonic() + 60 + 10 * kills
    with Queue(engine, brief, attempts=1000, keep_finished=False) as queue:
        while (killed < kills or queue.unfinished) and time.monotonic() < ends:
            if killed < kills and queue.room() > 0 and draw.random() < 0.7:  # now and then nobody has anything to do
                queue.submit((folder, submitted, draw.choice((0.0, 0.01, 0.05))))
                submitted += 1
            told.update(status.number for status in queue.step(0.02) if status.state == "done")
            if killed < kills and engine._workers and draw.random() < 0.2:
                killed += killed_now(draw.choice(engine._workers).process.pid, draw.choice(SIGNALS))
        left = queue.unfinished
    faults = [f"{left} jobs were never told of after {killed} kills"] if left else []
    faults += [f"job {number} was told {count} times" for number, count in told.items() if count != 1]
    done = {int(path.name) for path in folder.iterdir() if path.name.isdigit()}
    if done != set(told):
        faults.append(f"told and not done, or done and not told: {sorted(done ^ set(told))}")
    return faults
