"""Versions of everything that a result depends on."""

from __future__ import annotations

import platform
from importlib.metadata import version

import av
import numpy
import onnxruntime


def versions() -> str:
    """One line each."""
    ffmpeg = ".".join(str(part) for part in av.library_versions["libavformat"])
    return "\n".join(
        [
            f"limelight {version('limelight-audio')}",
            f"python {platform.python_version()} on {platform.system()} {platform.machine()}",
            f"av {av.__version__} (libavformat {ffmpeg}), onnxruntime {onnxruntime.__version__}, numpy {numpy.__version__}",
        ]
    )
