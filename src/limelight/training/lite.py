"""What the separator of `lite` is trained to do: tell the stems apart, and know how loud each is.

The latent, which the director will read, learns from the second: a small head, needed in training only, must tell each
stem's level from it, also where the masks are too soft to show it. (The director comes after: training/director.py.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from limelight.networks.lite import STEM_COUNT, Lite, LiteConfig, k_weights, power_levels_db
from limelight.training.losses import level_distance, mask_cross_entropy, multi_resolution_l1
from limelight.training.spectra import Spectra, prepare, spectra_waveform


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts."""

    stems: float = 1.0
    levels: float = 0.3
    remix: float = 0.7


class LiteTask(nn.Module):
    """The model with its losses, as one module that a loop can step."""

    def __init__(self, config: LiteConfig, weights: Weights | None = None) -> None:
        super().__init__()
        self.config, self.weights = config, weights or Weights()
        self.model = Lite(config)
        width = config.highlighter.latent_width
        self.levels = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, STEM_COUNT))
        self.k = k_weights(config)

    def spectra(self, batch: dict[str, Tensor]) -> Spectra:
        return prepare(batch["stems"], batch["gains_db"], batch["level_db"], self.config)

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised."""
        with torch.no_grad():
            spectra = self.spectra(batch)
            magnitude, stem_power = spectra.mixture.abs(), spectra.stems.abs().square()
            levels_db = power_levels_db(stem_power, self.k, self.config)
        masks, losses = self.hear(magnitude, stem_power, levels_db)
        if self.weights.remix:
            losses["remix"] = self.remix_loss(masks, spectra)
        losses["total"] = torch.stack([getattr(self.weights, name) * loss for name, loss in losses.items()]).sum()
        return losses

    def hear(self, magnitude: Tensor, stem_power: Tensor, levels_db: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The costly half, all in real numbers so that it can be compiled: masks and losses."""
        masks, latent = self.model.separator(magnitude)
        stems = mask_cross_entropy(masks, magnitude, stem_power)
        return masks, {"stems": stems, "levels": level_distance(self.levels(latent), levels_db)}

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
