"""ONNX Runtime sessions, as every model of ours is run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from limelight.errors import ModelError


def open_session(path: Path, *, threads: int | None = None) -> Any:
    """A graph ready to run on the CPU; `threads`: default one a core, eight at most. Raises ModelError."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 8)
    options.log_severity_level = 3
    # Long films bring windows of two sizes at most; keeping arenas small keeps memory flat.
    options.enable_cpu_mem_arena = False
    # A thread that waits for work in a loop takes the processor from the decoder: twice the time on two busy cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # ONNX Runtime raises a dozen types of its own, without a base, all meaning: not a model.
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(
            f"The model file {path} cannot be run ({type(error).__name__}); install the model again."
        ) from error


def ask(
    session: Any, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]], *, model: str
) -> list[NDArray[np.float32]]:
    """What a graph makes of what it is given. Raises ModelError where it fails, or makes numbers that are none."""
    # As when it is opened: types without a base, all meaning that the graph cannot be run.
    try:
        made: list[NDArray[np.float32]] = session.run(list(names), dict(feeds))
    except Exception as error:
        raise ModelError(
            f"The model {model} failed at what its card promises ({type(error).__name__}); install the model again."
        ) from error
    if not all(np.isfinite(one).all() for one in made):
        raise ModelError(f"The model {model} answers with what is no number; install the model again.")
    return made
