"""The program keeps NumPy's products on one thread, unless it was told otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = """
import os, sys
from limelight.cli.context import command_context, own_process
own_process()
with command_context():
    assert "numpy" not in sys.modules, "too late"
    print(os.environ["OPENBLAS_NUM_THREADS"])
    if sys.platform == "linux":
        import numpy as np
        many = np.ones((2000, 2000), np.float32)
        many @ many
        print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.parametrize(("wish", "found"), [(None, "1"), ("3", "3")])
def test_products_stay_on_one_thread_unless_wished_otherwise(wish: str | None, found: str) -> None:
    words = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    words |= {} if wish is None else {"OPENBLAS_NUM_THREADS": wish}
    run = subprocess.run([sys.executable, "-c", ASK], env=words, capture_output=True, text=True, check=True)
    told, *threads = run.stdout.split()
    assert told == found
    if wish is None:
        assert threads in ([], ["1"])
