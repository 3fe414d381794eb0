"""Networks small enough for a test, with every layer that the real ones have."""

from __future__ import annotations

import torch
from limelight.networks.band import BandConfig
from limelight.networks.lite import LiteConfig
from torch import nn

from limelight.networks.highlighter import HighlighterConfig

BAND = BandConfig(bands=8, width=8, latent_width=16, blocks=2, heads=2, n_fft=256)
HIGHLIGHTER = HighlighterConfig(context_width=5, latent_width=16, width=16, heads=2)
LITE = LiteConfig(backbone=BAND, highlighter=HIGHLIGHTER, hop=128)


def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """Every parameter drawn anew, so that no layer starts at zero and hides what comes before it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return module.eval()
