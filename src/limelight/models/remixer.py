"""A model that remixes in one step: what it hears becomes a mask on the spectrum and a waveform beside it.

    magnitude [1, F, T] ─┐           ┌→ mask [1, F, T]
    mixture   [1, N]    ─┤ one graph │                       output = iSTFT(mask · X) + wave
    context   [1, M, D] ─┘           └→ wave [1, N]

From VisAH (CVPR 2025), as `training/export_remix.py` writes it. Unlike the models of `model.py` it knows no stems and
gives no gains. The transforms stay outside; N and T are fixed, M is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from limelight.errors import ModelError
from limelight.models.remix_card import METADATA, RemixCard, check_seal, read_remix_card
from limelight.runtime import open_session, run_session

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Prescribed:
    """What is to be done to a mixture: output = iSTFT(mask · X) + wave."""

    mask: Array  # [F, T], unbounded
    wave: Array  # [N], at the mixture's level


@runtime_checkable
class RemixModel(Protocol):
    """What mixing needs of a model that remixes."""

    @property
    def card(self) -> RemixCard: ...

    def prescribe(self, magnitude: Array, mixture: Array, context: Array | None) -> Prescribed:
        """Magnitudes [F, T] and samples [N] of a mono window, and what the picture says [M, D], a row a second.

        N, F and T are the card's; the context is None just where the card's width is 0.
        """
        ...


class OnnxRemix:
    """One sealed `.onnx` file."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Raises ModelError."""
        check_seal(path)
        self._session = open_session(path, threads=threads)
        try:
            self._card = read_remix_card(self._session.get_modelmeta().custom_metadata_map.get(METADATA, ""), path)
            _check_graph(self._session, self._card, path)
        except UnicodeDecodeError as error:  # ONNX Runtime hands over whatever bytes stand there
            raise ModelError(f"The model file {path} says of itself what is no text; export it again.") from error

    @property
    def card(self) -> RemixCard:
        return self._card

    def prescribe(self, magnitude: Array, mixture: Array, context: Array | None) -> Prescribed:
        feeds = {"magnitude": magnitude[None], "mixture": mixture[None]}
        if context is not None:
            feeds["context"] = context[None]
        mask, wave = run_session(self._session, ["mask", "wave"], feeds, model=self._card.name)
        return Prescribed(mask[0], wave[0])


def _check_graph(session: Any, card: RemixCard, path: Path) -> None:
    """The card says what goes in and out, so the graph must say the same."""
    wished = {
        "magnitude": (1, card.bins, card.steps),
        "mixture": (1, card.samples),
        **({"context": (1, None, card.context_width)} if card.context_width else {}),
    }
    found = {value.name: value for value in session.get_inputs()}
    fits = set(found) == set(wished) and all(_fits(found[name], shape) for name, shape in wished.items())
    if not fits or [value.name for value in session.get_outputs()] != ["mask", "wave"]:
        raise ModelError(f"The model file {path} is not what its card says (other inputs or outputs); export it again.")


def _fits(value: Any, shape: tuple[int | None, ...]) -> bool:
    """Whether an input takes floats of a shape; None is any length."""
    sizes = zip(value.shape, shape, strict=False)
    return (
        value.type == "tensor(float)"
        and len(value.shape) == len(shape)
        and all(size is None or found == size for found, size in sizes)
    )
