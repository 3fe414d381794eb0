"""Which models there are, and where."""

from __future__ import annotations

import os
from pathlib import Path

from limelight.errors import ModelError
from limelight.models.card import CARD, ModelCard, read_card
from limelight.models.remix_card import RemixCard
from limelight.models.remixer import OnnxRemix
from limelight.models.separator import OnnxModel

PACKAGED = Path(__file__).resolve().parent / "weights"
DEFAULT = "lite"
REMIX = ".onnx"  # what the file of a model that remixes in one step ends with


def installed() -> tuple[ModelCard, ...]:
    """The cards of the models with stems inside the package, checked. Raises ModelError where one is damaged."""
    return tuple(read_card(path) for path in _packaged_names().values() if path.is_dir())


def installed_remixes() -> tuple[RemixCard, ...]:
    """The cards of the models inside the package that remix in one step. Raises ModelError where one is damaged."""
    return tuple(OnnxRemix(path, threads=1).card for path in _packaged_names().values() if path.is_file())


def load_model(name_or_path: str | Path = DEFAULT, *, threads: int | None = None) -> OnnxModel | OnnxRemix:
    """A model of either kind by name or path: a folder with its `card.json`, or one `.onnx` file. Raises ModelError."""
    found = find_model(name_or_path)
    return OnnxRemix(found, threads=threads) if found.is_file() else OnnxModel(found, threads=threads)


def load_stem_model(name_or_path: str | Path = DEFAULT, *, threads: int | None = None) -> OnnxModel:
    """A model that knows stems. Raises ModelError, also for one that remixes in one step."""
    model = load_model(name_or_path, threads=threads)
    if isinstance(model, OnnxRemix):
        raise no_stems(model.card.name)
    return model


def no_stems(name: str) -> ModelError:
    """What is said where stems or their gains are asked of a model that has none."""
    return ModelError(
        f"Wanted stems or their gains of {name}, which makes one mask and no stems; use it with "
        f"`limelight highlight` and without --speech, --music, --effects, or use another model, such as {DEFAULT}."
    )


def find_model(name_or_path: str | Path) -> Path:
    """The folder or file of a model, by name or by path (also of its card). An installed one wins over a path."""
    names = _packaged_names()
    if str(name_or_path) in names:
        return names[str(name_or_path)]
    path = Path(name_or_path)
    if path.name == CARD:
        path = path.parent
    # Unlike Path.is_dir, no name makes isdir raise, however long or odd.
    if str(name_or_path) and (os.path.isdir(path) or (path.suffix == REMIX and os.path.isfile(path))):
        return path
    known = ", ".join(names) or "none"
    raise ModelError(
        f"Wanted the model {str(name_or_path)!r}, which is neither installed ({known}) nor a folder with a {CARD} "
        f"nor an {REMIX} file; see `limelight models`."
    )


def _packaged_names() -> dict[str, Path]:
    """Name → folder or file, in order."""
    if not PACKAGED.is_dir():
        return {}
    found = {path.name: path for path in PACKAGED.iterdir() if (path / CARD).is_file()}
    files = {path.stem: path for path in PACKAGED.iterdir() if path.suffix == REMIX}
    return dict(sorted((files | found).items()))
