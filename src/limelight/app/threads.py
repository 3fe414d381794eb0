"""NumPy's products on one thread: several are busy already, and products as small as ours are not faster on two.

OpenBLAS wakes a second thread for a product of a second of sound with a filter, and that one then waits in a loop, on a
processor that the decoder could have: a tenth of all that a film of 1080p costs.
"""

from __future__ import annotations

import os


def keep_products_on_one_thread() -> None:
    """For this process and those it starts, unless the user has said otherwise. To be called before NumPy is loaded."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
