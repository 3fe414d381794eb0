"""The card of a model: what it is, what it was trained on, and the hashes that make a damaged file be refused.

A model is a folder: `card.json`, `separator.onnx`, `director.onnx`. The card carries the SHA-256 of each file and of itself
(over its own text with that one entry left out), so that one flipped byte anywhere is noticed. Never pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from limelight.errors import ModelError

FORMAT_VERSION = 1
CARD = "card.json"
LARGEST_BYTES = 1 << 30


@dataclass(frozen=True)
class ModelCard:
    """Everything about a model but its weights."""

    name: str
    sample_rate: int  # Hz
    n_fft: int
    hop: int
    steps_per_token: int
    programme_lufs: float  # the loudness at which the model hears every soundtrack
    cue_names: tuple[str, ...]
    uses_picture: bool  # whether the picture took part in its training
    parameters: int
    licence: str
    training_data: str
    config: Mapping[str, Any]
    sha256: Mapping[str, str]  # file → hash
    format_version: int = FORMAT_VERSION
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def token_seconds(self) -> float:
        """Time between two thoughts of the director."""
        return self.steps_per_token * self.hop / self.sample_rate

    @property
    def fingerprint(self) -> str:
        """One hash for the whole model, as plans carry it."""
        return hashlib.sha256("".join(self.sha256[name] for name in sorted(self.sha256)).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_card(folder: Path, card: ModelCard) -> None:
    """Writes `card.json` with the card's own hash."""
    values = asdict(card)
    text = json.dumps(values | {"card_sha256": _own_hash(values)}, indent=1, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")


def read_card(folder: Path) -> ModelCard:
    """Reads a card and checks every hash in it. Raises ModelError."""
    path = folder / CARD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        claimed = values.pop("card_sha256")
        version = values["format_version"]
    except OSError as error:
        raise ModelError(
            f"Wanted the model in {folder}, found no readable {CARD} there; see `limelight models`."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"The model card {path} is damaged; install the model again.") from error
    if version != FORMAT_VERSION:
        raise ModelError(
            f"The model in {folder} has format {version}, this version reads {FORMAT_VERSION}; update one."
        )
    if claimed != _own_hash(values):
        raise ModelError(f"The model card {path} is not as it was written (its hash differs); install the model again.")
    values["cue_names"] = tuple(values["cue_names"])
    card = ModelCard(**values)
    for name, expected in card.sha256.items():
        _check_file(folder / name, expected)
    return card


def _check_file(path: Path, expected: str) -> None:
    try:
        too_large = path.stat().st_size > LARGEST_BYTES
        found = "" if too_large else file_sha256(path)
    except OSError as error:
        raise ModelError(f"The model file {path} is missing or cannot be read; install the model again.") from error
    if found != expected:
        raise ModelError(
            f"The model file {path} is damaged (its hash differs from the card's); install the model again."
        )


def _own_hash(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
