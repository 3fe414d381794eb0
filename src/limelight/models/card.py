"""A model's card, and the sealed file that carries it.

The card of a model, which travels inside its one file, and the seal that makes a damaged file be refused.

A model is an `.onnx` file; its card is JSON in the graph's metadata, under `limelight`. A file cannot hold its own hash,
but it can hold the hash of itself with sixty-four zeros in the hash's place:

    … graph …, "licence": "…", "sha256": "5f0c…"}          the file
    … graph …, "licence": "…", "sha256": "0000…"}          what the SHA-256 is of

So one flipped byte anywhere, the card's own included, is noticed before anything in the file is believed. Bodies
without a file of ours (known stems, programs, rules, weights from other packages) carry a card too.

A sealed `.onnx` file, opened: its card, its session, and whether both say the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from limelight.errors import ModelError
from limelight.runtime import open_session
from limelight.vision.cues import KINDS
from limelight.vision.encoder import PROMPTS, ContextChoice, ContextSource

FORMAT: Literal["limelight-model-1"] = "limelight-model-1"
FORMER_FORMAT = "limelight-visah-1"  # of 0.1.0: always a remixer
METADATA = "limelight"
LARGEST_BYTES = 1 << 30
LARGEST_CARD_BYTES = 1 << 20
LONGEST_SECONDS = 120
SHORTEST_HOPS = 3

Context = Literal["none", "cues", "clip", "captions", "words"]
CONTEXTS: tuple[Context, ...] = get_args(Context)

Kind = Literal["separator", "director", "remixer"]
_KEY = b'"sha256": "'
_BLANK = b"0" * 64
_PIECE = 1 << 20

_Line = Annotated[str, Field(max_length=2000)]
# JSON has lists where we have tuples.
Names = Annotated[tuple[str, ...], Field(strict=False)]
Edges = Annotated[tuple[int, ...], Field(strict=False)]


class Card(BaseModel):
    """Everything about a model but its weights. What others add to it is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, strict=True)

    format: Literal["limelight-model-1"] = FORMAT
    kind: Kind = "remixer"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    preset: Annotated[str, Field(max_length=200)] = ""
    context: Context = Field(default="none", description="what it was trained to be told about the picture")
    context_width: int = Field(
        default=0, ge=0, le=65_536, description="D, numbers a second; 0 where it is told nothing"
    )
    prompts: Annotated[str, Field(max_length=200)] = Field(
        default="", description="of captions: how the questions are put"
    )
    cue: Annotated[str, Field(max_length=200)] = Field(
        default="", description="of captions: which of the six is asked for"
    )
    context_model: _Line = Field(default="", description="CLIP or the vision-language model that it was told by")
    text_model: _Line = Field(default="", description="the text encoder that it was told by")
    cue_names: Names = Field(default=(), description="the cues that it is told, by name and in this order")
    sample_rate: int = Field(default=48_000, ge=8_000, le=192_000, description="Hz")
    n_fft: int = Field(default=2048, ge=64, le=65_536)
    hop: int = Field(default=1024, ge=16, le=32_768)
    samples: int = Field(default=480 * 1024, ge=48, description="the length of what it hears at once")
    overlap_samples: int = Field(default=0, ge=0, description="how much of that the next chunk shares; 0: a fifth")
    programme_lufs: float | None = Field(default=None, description="the loudness at which it hears every soundtrack")
    band_edges: Edges = Field(
        default=(), description="bins that share a mask: L + 1 numbers; none where each has its own"
    )
    parameters: int = Field(default=0, ge=0)
    licence: _Line = "unknown"
    training_data: _Line = "unknown"
    source: _Line = Field(default="", description="where its weights come from, where they are not ours")
    config: dict[str, Any] = Field(default_factory=dict)
    sha256: str = Field(default=_BLANK.decode(), pattern="^[0-9a-f]{64}$")  # last: the seal is looked for from the end

    @model_validator(mode="before")
    @classmethod
    def _former(cls, values: Any) -> Any:
        """Files of 0.1.0 stay readable."""
        if isinstance(values, dict) and values.get("format") == FORMER_FORMAT:
            return values | {"format": FORMAT, "kind": "remixer"}
        return values

    @model_validator(mode="after")
    def _fits(self) -> Card:
        if self.n_fft % (2 * self.hop):
            raise ValueError(f"half a window must be a whole number of hops, not {self.n_fft} and {self.hop}")
        if not SHORTEST_HOPS * self.hop <= self.samples <= LONGEST_SECONDS * self.sample_rate:
            raise ValueError(f"it hears {SHORTEST_HOPS} hops to {LONGEST_SECONDS} s, not {self.samples} samples")
        if not self.overlap_samples < self.samples:
            raise ValueError(f"chunks of {self.samples} samples cannot share {self.overlap_samples}")
        if (self.context == "none") != (self.context_width == 0):
            raise ValueError(f"the context {self.context!r} cannot be {self.context_width} numbers wide")
        if self.prompts not in ("", *PROMPTS) or self.cue not in ("", *KINDS):
            raise ValueError(f"captions are not asked for by {self.prompts!r} and {self.cue!r}")
        if self.band_edges and not _rise(self.band_edges, self.n_fft // 2 + 1):
            raise ValueError("bands of the spectrum go from its first bin to its last")
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
    def context_source(self) -> ContextSource:
        """What it was trained to be told, and by which networks."""
        asked = {name: value for name, value in (("prompts", self.prompts), ("cue", self.cue)) if value}
        return ContextSource(ContextChoice(self.context, **asked), self.context_model, self.text_model)

    @property
    def fingerprint(self) -> str:
        """One hash for the whole model, as reports carry it."""
        return self.sha256

    @property
    def uses_picture(self) -> bool:
        """Whether it is told anything of the picture."""
        return self.context_width > 0 or bool(self.cue_names)

    @property
    def text(self) -> str:
        """JSON for the metadata, its hash still open."""
        return json.dumps(self.model_dump() | {"sha256": _BLANK.decode()})


def read_card(text: str, path: Path) -> Card:
    """The card from a file's metadata. Raises ModelError, naming the place that is wrong."""
    try:
        return Card.model_validate_json(text)
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


def _rise(edges: tuple[int, ...], bins: int) -> bool:
    return len(edges) > 1 and (edges[0], edges[-1]) == (0, bins) and all(a < b for a, b in pairwise(edges))


def file_sha256(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain_card(name: str, kind: Kind, *, source: str = "", licence: str = "MIT") -> Card:
    """The card of a model without a file: a rule, a program, stems that are known."""
    mark = hashlib.sha256(f"{kind}:{name}:{source}".encode()).hexdigest()
    return Card(kind=kind, name=name, licence=licence, training_data="none", source=source, sha256=mark)


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
