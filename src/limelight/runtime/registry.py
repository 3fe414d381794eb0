"""Which models there are, and where."""

from __future__ import annotations

from pathlib import Path

from limelight.errors import ModelError
from limelight.runtime.card import CARD, ModelCard, read_card
from limelight.runtime.model import OnnxModel

PACKAGED = Path(__file__).resolve().parent.parent / "models"
DEFAULT = "lite"


def installed() -> tuple[ModelCard, ...]:
    """The cards of the models inside the package, checked."""
    return tuple(read_card(folder) for folder in sorted(PACKAGED.iterdir()) if (folder / CARD).is_file())


def load_model(name_or_path: str | Path = DEFAULT, *, threads: int | None = None) -> OnnxModel:
    """A model by name, or by the folder that holds its `card.json`. Raises ModelError."""
    return OnnxModel(find_model(name_or_path), threads=threads)


def find_model(name_or_path: str | Path) -> Path:
    """The folder of a model."""
    packaged = PACKAGED / str(name_or_path)
    if str(name_or_path).isidentifier() and (packaged / CARD).is_file():
        return packaged
    folder = Path(name_or_path)
    if folder.name == CARD:
        folder = folder.parent
    if folder.is_dir():
        return folder
    names = ", ".join(sorted(path.name for path in PACKAGED.iterdir())) if PACKAGED.is_dir() else "none"
    raise ModelError(f"Wanted the model {str(name_or_path)!r}, which is neither installed ({names}) nor a folder.")
