"""Every run draws the same examples: what passes must not depend on luck. `make torture` is where others are drawn."""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
