"""A model that listens to each window once.

A clip goes through the same model with its picture, another one and none, for its plan and for its mix, and once more to be
taken apart; the masks come from sound alone, so all of these hear the same.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from functools import cache

from limelight.runtime.card import ModelCard
from limelight.runtime.model import Array, Heard, Model
from limelight.runtime.registry import load_model

WINDOWS = 16  # of 6 MB each


class Remembering:
    """A `runtime.model.Model` around another."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._heard: OrderedDict[bytes, Heard] = OrderedDict()

    @property
    def card(self) -> ModelCard:
        return self._model.card

    def separate(self, magnitude: Array) -> Heard:
        key = hashlib.sha256(magnitude.tobytes()).digest()
        if key not in self._heard:
            self._heard[key] = self._model.separate(magnitude)
            if len(self._heard) > WINDOWS:
                self._heard.popitem(last=False)
        self._heard.move_to_end(key)
        return self._heard[key]

    def direct(self, latent: Array, levels_db: Array, cues: Array, cue_seconds: Array) -> Array:
        return self._model.direct(latent, levels_db, cues, cue_seconds)


@cache
def remembering(name: str) -> Remembering:
    """A model by name or folder, loaded once by each process; one thread, so that clips share the cores. Raises ModelError."""
    return Remembering(load_model(name, threads=1))
