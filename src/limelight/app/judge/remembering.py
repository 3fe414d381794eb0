"""A model that listens to each window once.

A clip goes through the same model with its picture, another one and none, for its plan and for its mix, and once more to be
taken apart; the masks come from sound alone, so all of these hear the same.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import cast

from limelight.app.loading import CHECKPOINT, load
from limelight.runtime.card import ModelCard
from limelight.runtime.model import Array, Heard, Model
from limelight.runtime.registry import load_model, load_stem_model
from limelight.runtime.remix import RemixModel

WINDOWS = 16  # of a little over 1 MB each


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
    """A model that knows stems, by name or folder, loaded once by each process. Raises ModelError."""
    return Remembering(load_stem_model(name, threads=1))  # one thread, so that clips share the cores


@cache
def model_of(name: str) -> Remembering | RemixModel:
    """A model of either kind: a name, a folder, an `.onnx` file or a checkpoint. Raises ModelError."""
    if Path(name).suffix == CHECKPOINT:
        model = cast(RemixModel, load(name, device="cpu"))
        _one_thread()
        return model
    found = load_model(name, threads=1)
    return found if isinstance(found, RemixModel) else remembering(name)


def _one_thread() -> None:
    """Torch on one core, as ONNX models are; it is there, since a checkpoint was loaded."""
    import torch

    torch.set_num_threads(1)
