"""One thread; what needs torch and transformers runs where they are installed (extra `context`)."""

from importlib.util import find_spec

import pytest

WEIGHTS = all(find_spec(name) for name in ("torch", "transformers", "sentencepiece"))
collect_ignore = [] if WEIGHTS else ["test_clip.py", "test_clip_words.py", "test_internvl.py", "test_text_encoder.py"]


@pytest.fixture(autouse=True)
def _same_every_time() -> None:
    if WEIGHTS:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(0)
