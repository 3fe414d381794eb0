"""Which models there are, and where."""

from __future__ import annotations

import os
from pathlib import Path

from limelight.errors import ModelError
from limelight.runtime.card import CARD, ModelCard, read_card
from limelight.runtime.model import OnnxModel

PACKAGED = Path(__file__).resolve().parent.parent / "models"
DEFAULT = "lite"


def installed() -> tuple[ModelCard, ...]:
    """The cards of the models inside the package, checked. Raises ModelError where one is damaged."""
    return tuple(read_card(PACKAGED / name) for name in _packaged_names())


def load_model(name_or_path: str | Path = DEFAULT, *, threads: int | None = None) -> OnnxModel:
    """A model by name, or by the folder that holds its `card.json`. Raises ModelError."""
    return OnnxModel(find_model(name_or_path), threads=threads)


def find_model(name_or_path: str | Path) -> Path:
    """The folder of a model, by name or by path (also of its card). An installed one wins over a folder of the same name."""
    names = _packaged_names()
    if str(name_or_path) in names:
        return PACKAGED / name_or_path
    folder = Path(name_or_path)
    if folder.name == CARD:
        folder = folder.parent
    # Unlike Path.is_dir, no name makes isdir raise, however long or odd.
    if str(name_or_path) and os.path.isdir(folder):
        return folder
    known = ", ".join(names) or "none"
    raise ModelError(
        f"Wanted the model {str(name_or_path)!r}, which is neither installed ({known}) nor a folder with a {CARD}; "
        "see `limelight models`."
    )


def _packaged_names() -> tuple[str, ...]:
    if not PACKAGED.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in PACKAGED.iterdir() if (folder / CARD).is_file()))
