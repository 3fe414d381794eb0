"""A model for a command: by name, as a folder, as an `.onnx` file, or, where torch is installed, as a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from limelight.errors import ModelError
from limelight.runtime.registry import load_model

if TYPE_CHECKING:
    from limelight.runtime.model import Model
    from limelight.runtime.remix import RemixModel

CHECKPOINT = ".safetensors"


def load(name_or_path: str | Path, *, device: str | None = None) -> Model | RemixModel:
    """Either kind of model; `device` is for checkpoints alone. Raises ModelError."""
    path = Path(name_or_path)
    if path.suffix != CHECKPOINT:
        return load_model(name_or_path)
    try:
        from limelight.training.torch_remix import load_torch_remix
    except ImportError as error:
        raise ModelError(
            f"Wanted to run the checkpoint {path}, found no {error.name}; pip install 'limelight-audio[train]', or "
            "export it to ONNX where that is installed."
        ) from error
    return load_torch_remix(path, device=device)
