"""How far a remix is from the good mix: a multi-resolution STFT distance, in the two readings that VisAH leaves open.

From VisAH (CVPR 2025). Windows (Hann) of 2048, 1024 and 512 samples, hop half the window, |X| = √max(re² + im², 1e-7):

    linear      mean over the three windows of  mean |  |Y| − |X|  |              what the paper says
    log         0.1 × the same of               mean | log |Y| − log |X| |        what its released code does

Loud passages rule the first, and it sees levels as they are; in the second every bin counts alike, however faint.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

WINDOWS = (2048, 1024, 512)
LEAST_POWER = 1e-7
LOG_WEIGHT = 0.1

Loss = Callable[[Tensor, Tensor], Tensor]  # output and target [B, N] to one number


def linear_distance(output: Tensor, target: Tensor) -> Tensor:
    """L1 of linear magnitudes of [B, N]."""
    return torch.stack([(magnitude(output, w) - magnitude(target, w)).abs().mean() for w in WINDOWS]).mean()


def log_distance(output: Tensor, target: Tensor) -> Tensor:
    """A tenth of the L1 of log magnitudes of [B, N]."""
    distances = [(magnitude(output, w).log() - magnitude(target, w).log()).abs().mean() for w in WINDOWS]
    return LOG_WEIGHT * torch.stack(distances).mean()


def magnitude(x: Tensor, window: int) -> Tensor:
    """|STFT| of [B, N], [B, F, T], at least √1e-7; N over half the window."""
    hann = torch.hann_window(window, device=x.device)
    spectrum = torch.view_as_real(torch.stft(x, window, window // 2, window=hann, return_complex=True))
    return spectrum.square().sum(-1).clamp(min=LEAST_POWER).sqrt()


LOSSES: dict[str, Loss] = {"linear": linear_distance, "log": log_distance}
