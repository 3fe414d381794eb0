"""Limelight: watches a video and rebalances its soundtrack, so that what the picture is about is what you hear.

import limelight

result = limelight.highlight_video("holiday.mp4")
print(result.dest, result.plan.shots[0].reason)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limelight.api import highlight_video, inspect_video, plan_video, render_video, separate_video
    from limelight.mixing.controls import Controls
    from limelight.mixing.track_roles import find_tracks
    from limelight.models.directors.style import load_style
    from limelight.models.registry import load_director, load_separator

_HOMES = {
    "Controls": "limelight.mixing.controls",
    "find_tracks": "limelight.mixing.track_roles",
    "highlight_video": "limelight.api",
    "inspect_video": "limelight.api",
    "load_director": "limelight.models.registry",
    "load_separator": "limelight.models.registry",
    "load_style": "limelight.models.directors.style",
    "plan_video": "limelight.api",
    "render_video": "limelight.api",
    "separate_video": "limelight.api",
}
__all__ = [
    "Controls",
    "find_tracks",
    "highlight_video",
    "inspect_video",
    "load_director",
    "load_separator",
    "load_style",
    "plan_video",
    "render_video",
    "separate_video",
]


def __getattr__(name: str) -> Any:
    """Loads a name when it is first asked for, so that `limelight --help` need not load everything."""
    if name == "__version__":
        return import_module("importlib.metadata").version("limelight-audio")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
