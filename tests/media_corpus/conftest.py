"""One nursery for all tests of this folder: to load Limelight takes two seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from media_corpus.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery
