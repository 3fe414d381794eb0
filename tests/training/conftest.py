"""One thread: these networks are so small that sharing the work would cost more than doing it."""

from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if all(map(find_spec, ("torch", "accelerate"))) else ["test_*.py"]


@pytest.fixture(autouse=True)
def _same_every_time() -> None:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
