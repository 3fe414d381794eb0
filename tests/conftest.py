"""Every run draws the same examples: what passes must not depend on luck. `make stress` is where others are drawn."""

from functools import cache

import pytest
from hypothesis import settings
from media_corpus.command_server import CommandServer, shared_server

from limelight.models import registry

settings.register_profile("same", derandomize=True)
settings.load_profile("same")

# What takes seconds to load or to start, and the files that do.
TOGETHER = {
    "page": ("tests/server/",),
    "ray": ("tests/batch/test_ray",),
    "transformers": (
        "tests/metrics/captions/test_means",
        "tests/metrics/pretrained/",
        "tests/vision/pretrained/",
        "tests/vision/test_encoders",
    ),
}

# Separators keep nothing between chunks, and opening one takes longer than a short film: once a process is enough.
registry.SEPARATORS.update({name: cache(make) for name, make in registry.SEPARATORS.items()})


def pytest_itemcollected(item):
    """Whoever asks for a browser is a browser's test."""
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.browser)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests share a process, so that it is set up once; so do files that load or start the same thing."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((shared for shared, files in TOGETHER.items() if file.startswith(files)), file)

    return ByFile(config, log)


@pytest.fixture(scope="session")
def server() -> CommandServer:
    """Commands of `limelight`, each in a fork of a process that has loaded it."""
    return shared_server()
