"""The card of a model: what it is, what it was trained on, and the hashes that make a damaged file be refused.

A model is a folder: `card.json`, `separator.onnx`, `director.onnx`. The card carries the SHA-256 of each file and of itself
(over its own text with that one entry left out), so that one flipped byte anywhere is noticed. Never pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from limelight.errors import ModelError

FORMAT_VERSION = 2
READABLE = (1, 2)  # 1: the masks have a number a bin
CARD = "card.json"
CARD_HASH = "card_sha256"
FILES = ("separator.onnx", "director.onnx")
LISTS = ("cue_names", "line_edges")
LARGEST_BYTES = 1 << 30
LARGEST_CARD_BYTES = 1 << 22


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
    line_edges: tuple[int, ...] = ()  # bins that share a mask: N + 1 bin numbers; none where each has its own
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
    values = json.loads(json.dumps(asdict(card)))  # as it will be read: keys are text, tuples are lists
    (folder / CARD).write_bytes(_text(values | {CARD_HASH: _own_hash(values)}))


def read_card(folder: Path) -> ModelCard:
    """Reads a card and checks every hash in it. Raises ModelError."""
    path = folder / CARD
    values = _card_values(path)
    version = values.get("format_version")
    if version not in READABLE:
        raise ModelError(
            f"The model in {folder} has format {version!r}, this version reads {FORMAT_VERSION}; update one."
        )
    if values.pop(CARD_HASH, None) != _own_hash(values):
        raise ModelError(f"The model card {path} is not as it was written (its hash differs); install the model again.")
    try:
        card = ModelCard(**(values | {name: tuple(values[name]) for name in LISTS if name in values}))
        hashes = [card.sha256[name] for name in FILES]  # of no other files: a card cannot point out of its folder
        if not _are_edges(card.line_edges, card.n_fft // 2 + 1):
            raise TypeError("lines of the spectrum go from its first bin to its last")
    except (TypeError, KeyError) as error:  # the hash fits, so something else wrote it
        raise ModelError(f"The model card {path} is not one of format {version}; install the model again.") from error
    for name, expected in zip(FILES, hashes, strict=True):
        _check_file(folder / name, expected)
    return card


def _are_edges(edges: tuple[object, ...], bins: int) -> bool:
    """Whether edges of lines are none, or whole numbers that rise from 0 to the number of bins."""
    whole = [edge for edge in edges if type(edge) is int]
    rising = all(before < after for before, after in pairwise(whole))
    return not edges or (len(whole) == len(edges) > 1 and rising and (whole[0], whole[-1]) == (0, bins))


def _card_values(path: Path) -> dict[str, Any]:
    """The JSON of a card, which must be written as `write_card` does, to the byte (but for Windows' line ends)."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_CARD_BYTES).replace(b"\r\n", b"\n")
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ModelError(
            f"Wanted the model in {path.parent}, found no readable {CARD} there; see `limelight models`."
        ) from error
    try:
        values = json.loads(text)
        damaged = not isinstance(values, dict) or _text(values) != text
    except (ValueError, RecursionError):
        damaged = True
    if damaged:
        raise ModelError(f"The model card {path} is damaged; install the model again.")
    return dict(values)


def _text(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()


def _check_file(path: Path, expected: str) -> None:
    try:
        usable = path.is_file() and path.stat().st_size <= LARGEST_BYTES
        found = file_sha256(path) if usable else ""
    except OSError as error:
        raise ModelError(f"The model file {path} is missing or cannot be read; install the model again.") from error
    if found != expected:
        raise ModelError(
            f"The model file {path} is damaged (its hash differs from the card's); install the model again."
        )


def _own_hash(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
