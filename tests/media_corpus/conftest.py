"""One server for all tests of this folder: to load Limelight takes two seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from media_corpus.command_server import CommandServer


@pytest.fixture(scope="session")
def server() -> Iterator[CommandServer]:
    with CommandServer() as server:
        yield server
