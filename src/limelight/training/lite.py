"""What the separator of `lite` is trained to do: tell the stems apart. (The director comes after: training/director.py.)"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from limelight.networks.lite import Lite, LiteConfig, k_weights
from limelight.training.losses import mask_cross_entropy, multi_resolution_l1
from limelight.training.spectra import Spectra, prepare, spectra_waveform


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts."""

    remix: float = 0.3
    stems: float = 1.0


class LiteTask(nn.Module):
    """The model with its losses, as one module that a loop can step."""

    def __init__(self, config: LiteConfig, weights: Weights | None = None) -> None:
        super().__init__()
        self.config, self.weights = config, weights or Weights()
        self.model = Lite(config)
        self.k = k_weights(config)

    def spectra(self, batch: dict[str, Tensor]) -> Spectra:
        return prepare(batch["stems"], batch["gains_db"], batch["level_db"], self.config)

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised."""
        with torch.no_grad():
            spectra = self.spectra(batch)
            magnitude, stem_power = spectra.mixture.abs(), spectra.stems.abs().square()
        masks, stems_loss = self.hear(magnitude, stem_power)
        losses = {"stems": stems_loss, "total": self.weights.stems * stems_loss}
        if self.weights.remix:
            losses["remix"] = self.remix_loss(masks, spectra)
            losses["total"] = losses["total"] + self.weights.remix * losses["remix"]
        return losses

    def hear(self, magnitude: Tensor, stem_power: Tensor) -> tuple[Tensor, Tensor]:
        """The costly half, all in real numbers so that it can be compiled: masks and their loss."""
        masks, _ = self.model.separator(magnitude)
        return masks, mask_cross_entropy(masks, magnitude, stem_power)

    def remix_loss(self, masks: Tensor, spectra: Spectra) -> Tensor:
        """Multi-resolution loss on half of the batch (it costs as much as the network).

        Masks are taught with the true gains, so that a wrong gain does not bend them.
        """
        half = slice(0, (len(masks) + 1) // 2)
        output = remix(masks[half], spectra.gains_db[half], spectra.mixture[half])
        target = spectra.target[half]
        return multi_resolution_l1(spectra_waveform(output, self.config), spectra_waveform(target, self.config))


def remix(masks: Tensor, gains_db: Tensor, mixture: Tensor) -> Tensor:
    """Σ_k 10^(g_k/20) · M_k · X with one gain per stem, [B, T, F]."""
    gains = 10 ** (gains_db / 20)
    return (masks * gains[:, :, None, None]).sum(1) * mixture
