"""A remixing network run by torch, straight from a checkpoint: for trying one out before it is exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor

from limelight.errors import ModelError
from limelight.models.card import Card, file_sha256
from limelight.models.remixers.mask_and_wave import MaskAndWave, MaskAndWaveRemixer
from limelight.networks.remixer import Remixer
from limelight.training.checkpoint import load_checkpoint, network_of
from limelight.training.export import card_of, source_in, trained_on

Array = NDArray[np.float32]


class TorchRemix(MaskAndWaveRemixer):
    """A network of `networks` as a remixer, on the CPU or a GPU."""

    def __init__(self, network: Remixer, card: Card, *, device: str = "cpu") -> None:
        """Raises ModelError for a device that is not there."""
        try:
            self._network = network.to(device).eval()
        except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with a kind of device
            raise ModelError(f"Wanted {card.name}, which cannot run on {device!r} here; say --device cpu.") from error
        self._card, self.device = card, device

    @property
    def card(self) -> Card:
        return self._card

    def prescribe(self, magnitude: Array, mixture: Array, context: Array | None) -> MaskAndWave:
        told = None if context is None else self._tensor(context)
        with torch.inference_mode():
            made = self._network.prescribe(self._tensor(magnitude), self._tensor(mixture), told)
        return MaskAndWave(made.mask[0].float().cpu().numpy(), made.wave[0].float().cpu().numpy())

    def _tensor(self, values: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values))[None].to(self.device)


def load_torch_remix(path: Path, *, device: str | None = None) -> TorchRemix:
    """The network of a training checkpoint, averaged weights where there are any. Raises ModelError."""
    checkpoint = load_checkpoint(path)
    network = network_of(checkpoint, path)
    preset = checkpoint.config["preset"]
    try:
        card = card_of(network, name=preset, source=source_in(checkpoint), training_data=trained_on(checkpoint))
    except ValidationError as error:
        raise ModelError(f"The checkpoint {path} cannot be run: {error.errors()[0]['msg']}; train another.") from error
    card = card.model_copy(update={"sha256": file_sha256(path)})
    return TorchRemix(network, card, device=device or ("cuda" if torch.cuda.is_available() else "cpu"))
