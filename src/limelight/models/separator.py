"""A model that can be run: ONNX Runtime sessions behind two plain functions, NumPy in and NumPy out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.errors import ModelError
from limelight.models.card import ModelCard, read_card
from limelight.runtime import open_session, run_session
from limelight.types import STEMS

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """What the separator made of one window."""

    masks: Array  # [K, T, N], one number a line of the card, sum to 1 over K
    latent: Array  # [L, R]


class Model(Protocol):
    """What mixing needs of a model."""

    @property
    def card(self) -> ModelCard: ...

    def separate(self, magnitude: Array) -> Heard:
        """Magnitudes [T, F] of a mono window at the programme level."""
        ...

    def direct(self, latent: Array, levels_db: Array, cues: Array, cue_seconds: Array) -> Array:
        """Gains in dB [L, K] from the latent [L, R], the stems' levels [L, 2 K] and the cues [M, D] (M may be 0).

        Times are in seconds from the start of the window.
        """
        ...


class OnnxModel:
    """The folder format of `card.py`, on the CPU or whatever provider ONNX Runtime was installed with."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        self._card = read_card(folder)
        self._separator = open_session(folder / "separator.onnx", threads=threads)
        self._director = open_session(folder / "director.onnx", threads=threads)

    @property
    def card(self) -> ModelCard:
        return self._card

    def separate(self, magnitude: Array) -> Heard:
        masks, latent = run_session(
            self._separator, ["masks", "latent"], {"magnitude": magnitude[None]}, model=self._card.name
        )
        self._check(masks.shape[:3] == (1, len(STEMS), len(magnitude)) and latent.ndim == 3)
        return Heard(masks[0], latent[0])

    def direct(self, latent: Array, levels_db: Array, cues: Array, cue_seconds: Array) -> Array:
        seconds = np.arange(len(latent), dtype=np.float32) * np.float32(self._card.token_seconds)
        hidden = np.zeros((1, max(1, len(cues))), np.float32)
        if len(cues) == 0:  # one hidden step stands for no picture
            cues, cue_seconds = np.zeros((1, len(self._card.cue_names)), np.float32), np.zeros(1, np.float32)
            hidden[:] = 1
        feeds = {
            "latent": latent[None],
            "levels_db": levels_db[None],
            "latent_seconds": seconds[None],
            "cues": cues[None],
            "cue_seconds": cue_seconds[None],
            "hidden": hidden,
        }
        (gains,) = run_session(self._director, ["gains_db"], feeds, model=self._card.name)
        self._check(gains.shape == (1, len(latent), len(STEMS)))
        return np.asarray(gains[0])

    def _check(self, fits: bool) -> None:
        if not fits:
            raise ModelError(f"The model {self._card.name} answers in another shape than its card's; install it again.")
