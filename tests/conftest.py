"""Every run draws the same examples: what passes must not depend on luck. `make stress` is where others are drawn."""

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Whoever asks for a browser is a browser's test."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
