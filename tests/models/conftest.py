from __future__ import annotations

from pathlib import Path

import pytest
from fake_models import tiny_model_folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model of the real format. Not to be written to."""
    pytest.importorskip("torch", exc_type=ImportError)
    return tiny_model_folder(tmp_path_factory.mktemp("models"))
