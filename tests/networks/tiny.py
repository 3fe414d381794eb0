"""What the tests of small networks share."""

from __future__ import annotations

import torch
from torch import nn


def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """Every parameter drawn anew, so that no layer starts at zero and hides what comes before it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return module.eval()
