"""What `lite` is trained to do: tell the stems apart, and know the gains."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from limelight.networks.lite import Lite, LiteConfig, k_weights, token_levels_db
from limelight.training.losses import gain_huber, mask_cross_entropy, multi_resolution_l1
from limelight.training.spectra import Colouring, Spectra, prepare, spectra_waveform

SILENT_WEIGHT = 0.1  # a silent stem's gain is asked to stay at zero, gently


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts."""

    remix: float = 0.3
    stems: float = 1.0
    gains: float = 0.05


class LiteTask(nn.Module):
    """The model with its losses, as one module that a loop can step."""

    def __init__(self, config: LiteConfig, weights: Weights | None = None) -> None:
        super().__init__()
        self.config, self.weights = config, weights or Weights()
        self.model = Lite(config)
        self.k = k_weights(config)
        self.colouring: Colouring | None = Colouring()

    def spectra(self, batch: dict[str, Tensor]) -> Spectra:
        generator = torch.Generator().manual_seed(int(batch["seed"][0]))
        colouring = self.colouring if self.training else None
        return prepare(batch["stems"], batch["gains_db"], generator, self.config, colouring)

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised."""
        with torch.no_grad():
            spectra = self.spectra(batch)
            magnitude, stem_power = spectra.mixture.abs(), spectra.stems.abs().square()
        masks, latent, stems_loss = self.hear(magnitude, stem_power)
        gains_db = self.direct(masks, latent, magnitude)
        audible = spectra.audible + (1 - spectra.audible) * SILENT_WEIGHT
        losses = {"stems": stems_loss, "gains": gain_huber(gains_db, spectra.gains_db, audible)}
        if self.weights.remix:
            losses["remix"] = self.remix_loss(masks, spectra)
        w = self.weights
        losses["total"] = w.stems * losses["stems"] + w.gains * losses["gains"] + w.remix * losses.get("remix", 0.0)
        return losses

    def hear(self, magnitude: Tensor, stem_power: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The costly half, all in real numbers so that it can be compiled: masks, latent, stem loss."""
        masks, latent = self.model.separator(magnitude)
        return masks, latent, mask_cross_entropy(masks, magnitude, stem_power)

    def remix_loss(self, masks: Tensor, spectra: Spectra) -> Tensor:
        """Multi-resolution loss on half of the batch (it costs as much as the network).

        Masks are taught with the true gains, so that a wrong gain does not bend them.
        """
        half = slice(0, (len(masks) + 1) // 2)
        output = remix(masks[half], spectra.gains_db[half], spectra.mixture[half])
        target = spectra.target[half]
        return multi_resolution_l1(spectra_waveform(output, self.config), spectra_waveform(target, self.config))

    def predict(self, mixture: Tensor) -> tuple[Tensor, Tensor]:
        """X [B, T, F] to masks [B, K, T, F] and gains in dB [B, L, K], without a picture."""
        magnitude = mixture.abs()
        masks, latent = self.model.separator(magnitude)
        return masks, self.direct(masks, latent, magnitude)

    def direct(self, masks: Tensor, latent: Tensor, magnitude: Tensor) -> Tensor:
        """Gains in dB [B, L, K], without a picture."""
        levels = token_levels_db(masks.detach(), magnitude, self.k, self.config)
        B, L = latent.shape[:2]
        seconds = (torch.arange(L) * self.config.token_seconds).expand(B, L)
        cues = torch.zeros(B, 1, self.config.highlighter.context_width)
        gains: Tensor = self.model.director(latent, levels, seconds, cues, torch.zeros(B, 1), torch.ones(B, 1))
        return gains


def remix(masks: Tensor, gains_db: Tensor, mixture: Tensor) -> Tensor:
    """Σ_k 10^(g_k/20) · M_k · X with one gain per stem, [B, T, F]."""
    gains = 10 ** (gains_db / 20)
    return (masks * gains[:, :, None, None]).sum(1) * mixture
