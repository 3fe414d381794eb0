"""The card of a remixing model, which travels inside its one file, and the seal that makes a damaged file be refused.

A remixing model is an `.onnx` file; its card is JSON in the graph's metadata, under `limelight`. A file cannot hold its
own hash, but it can hold the hash of itself with sixty-four zeros in the hash's place:

    … graph …, "licence": "…", "sha256": "5f0c…"}          the file
    … graph …, "licence": "…", "sha256": "0000…"}          what the SHA-256 is of

So one flipped byte anywhere, the card's own included, is noticed before anything in the file is believed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from limelight.errors import ModelError
from limelight.models.card import LARGEST_BYTES

FORMAT = "limelight-visah-1"
METADATA = "limelight"
LARGEST_CARD_BYTES = 1 << 20
LONGEST_SECONDS = 120
SHORTEST_HOPS = 3

Context = Literal["none", "cues", "clip", "captions", "words"]
CONTEXTS: tuple[Context, ...] = get_args(Context)

_KEY = b'"sha256": "'
_BLANK = b"0" * 64
_PIECE = 1 << 20

_Line = Annotated[str, Field(max_length=2000)]


class RemixCard(BaseModel):
    """Everything about a remixing model but its weights. What others add to it is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, strict=True)

    format: Literal["limelight-visah-1"] = "limelight-visah-1"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    preset: Annotated[str, Field(min_length=1, max_length=200)]
    context: Context = Field(description="what it was trained to be told about the picture")
    context_width: int = Field(ge=0, le=65_536, description="D, numbers a second; 0 where it is told nothing")
    sample_rate: int = Field(ge=8_000, le=192_000, description="Hz")
    n_fft: int = Field(ge=64, le=65_536)
    hop: int = Field(ge=16, le=32_768)
    samples: int = Field(ge=48, description="N, the length of what it hears at once")
    parameters: int = Field(default=0, ge=0)
    licence: _Line = "unknown"
    training_data: _Line = "unknown"
    config: dict[str, Any] = Field(default_factory=dict)
    sha256: str = Field(default=_BLANK.decode(), pattern="^[0-9a-f]{64}$")  # last: the seal is looked for from the end

    @model_validator(mode="after")
    def _fits(self) -> RemixCard:
        if self.n_fft % (2 * self.hop):
            raise ValueError(f"half a window must be a whole number of hops, not {self.n_fft} and {self.hop}")
        if not SHORTEST_HOPS * self.hop <= self.samples <= LONGEST_SECONDS * self.sample_rate:
            raise ValueError(f"it hears {SHORTEST_HOPS} hops to {LONGEST_SECONDS} s, not {self.samples} samples")
        if (self.context == "none") != (self.context_width == 0):
            raise ValueError(f"the context {self.context!r} cannot be {self.context_width} numbers wide")
        return self

    @property
    def bins(self) -> int:
        """F, without Nyquist's."""
        return self.n_fft // 2

    @property
    def steps(self) -> int:
        """T of what it hears at once."""
        return -(-self.samples // self.hop)

    @property
    def fingerprint(self) -> str:
        """One hash for the whole model, as reports carry it."""
        return self.sha256

    @property
    def text(self) -> str:
        """JSON for the metadata, its hash still open."""
        return json.dumps(self.model_dump() | {"sha256": _BLANK.decode()})


def read_remix_card(text: str, path: Path) -> RemixCard:
    """The card from a file's metadata. Raises ModelError, naming the place that is wrong."""
    try:
        return RemixCard.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the card"
        raise ModelError(
            f"The model file {path} is not one that this version runs, {place}: {first['msg']}; export it again."
        ) from error


def seal(path: Path) -> str:
    """Writes the hash of a file into its card, where zeros stand, and gives it back. Raises ModelError without a card."""
    place = _place(path)
    digest = _digest(path, place)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(digest.encode())
    return digest


def check_seal(path: Path) -> None:
    """Raises ModelError unless the file is whole, and one of ours."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_BYTES:
            raise ModelError(f"Wanted a model in {path}, found no file of at most {LARGEST_BYTES >> 30} GiB there.")
        place = _place(path)
        with path.open("rb") as file:
            file.seek(place)
            written = file.read(len(_BLANK)).decode("latin-1")
        found = _digest(path, place)
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"Wanted a model in {path}, could not read it ({error}); check the path.") from error
    if found != written:
        raise ModelError(
            f"The model file {path} is damaged (its hash differs from its card's); get or export it again."
        )


def _place(path: Path) -> int:
    """Where in the file the hash stands: in its last part, behind the graph."""
    size = path.stat().st_size
    first = max(0, size - LARGEST_CARD_BYTES)
    with path.open("rb") as file:
        file.seek(first)
        within = file.read().rfind(_KEY)
    place = first + within + len(_KEY)
    if within < 0 or place + len(_BLANK) > size:
        raise ModelError(f"The file {path} is not a model of Limelight (it holds no card); export one.")
    return place


def _digest(path: Path, place: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(min(place - file.tell(), _PIECE)):
            digest.update(piece)
        file.seek(place + len(_BLANK))
        digest.update(_BLANK)
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
