from __future__ import annotations

from pathlib import Path

import pytest
from metrics.evaluator.sets import write_set

from limelight.dataset.manifest import Entry


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("set")


@pytest.fixture(scope="module")
def entries(folder: Path) -> list[Entry]:
    return write_set(folder, train=1)
