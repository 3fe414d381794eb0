"""A sealed `.onnx` file, opened: its card, its session, and whether both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limelight.errors import ModelError
from limelight.models.card import METADATA, Card, Kind, check_seal, read_card
from limelight.runtime import open_session

Shape = tuple[int | None, ...]  # None is any length


@dataclass(frozen=True)
class SealedFile:
    """A model file that was found whole."""

    path: Path
    card: Card
    session: Any


def open_sealed(path: Path, *, threads: int | None = None, device: str | None = None) -> SealedFile:
    """Checks the seal, then opens the graph. Raises ModelError."""
    check_seal(path)
    session = open_session(path, threads=threads, device=device)
    try:
        card = read_card(session.get_modelmeta().custom_metadata_map.get(METADATA, ""), path)
    except UnicodeDecodeError as error:  # ONNX Runtime hands over whatever bytes stand there
        raise ModelError(f"The model file {path} says of itself what is no text; export it again.") from error
    return SealedFile(path, card, session)


def kind_of(path: Path) -> Kind:
    """What a file holds, before it is opened for real. Raises ModelError."""
    return open_sealed(path, threads=1).card.kind


def check_graph(file: SealedFile, *, kind: Kind, inputs: Mapping[str, Shape], outputs: list[str]) -> None:
    """The card says what goes in and out, so the graph must say the same. Raises ModelError."""
    try:
        found = {value.name: value for value in file.session.get_inputs()}
    except UnicodeDecodeError as error:
        raise ModelError(f"The model file {file.path} has names that are no text; export it again.") from error
    fits = set(found) == set(inputs) and all(_fits(found[name], shape) for name, shape in inputs.items())
    if file.card.kind != kind or not fits or [value.name for value in file.session.get_outputs()] != outputs:
        raise ModelError(
            f"The model file {file.path} is not what its card says (other inputs or outputs); export it again."
        )


def _fits(value: Any, shape: Shape) -> bool:
    """Whether an input takes floats of a shape."""
    sizes = zip(value.shape, shape, strict=False)
    return (
        value.type == "tensor(float)"
        and len(value.shape) == len(shape)
        and all(size is None or found == size for found, size in sizes)
    )
