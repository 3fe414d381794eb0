"""Every run draws the same examples: what passes must not depend on luck. `make stress` is where others are drawn."""

from functools import cache

import pytest
from hypothesis import settings
from media_corpus.command_server import CommandServer, shared_server

from limelight.models import registry

settings.register_profile("same", derandomize=True)
settings.load_profile("same")

# Separators keep nothing between chunks, and opening one takes longer than a short film: once a process is enough.
registry.SEPARATORS.update({name: cache(make) for name, make in registry.SEPARATORS.items()})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whoever asks for a browser is a browser's test; a file's tests share a process, so that it is set up once."""
    for item in items:
        if not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server() -> CommandServer:
    """Commands of `limelight`, each in a fork of a process that has loaded it."""
    return shared_server()
