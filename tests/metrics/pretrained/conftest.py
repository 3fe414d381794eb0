"""One thread; what needs torch and transformers runs where they are installed (extra `eval`)."""

from importlib.util import find_spec

import pytest

WEIGHTS = all(find_spec(name) for name in ("torch", "transformers"))
collect_ignore_glob = [] if WEIGHTS else ["test_*.py"]


@pytest.fixture(autouse=True)
def _same_every_time() -> None:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
