"""What training minimises. Spectra are [B, K, T, F], waveforms [B, N]."""

from __future__ import annotations

import torch
from torch import Tensor

RESOLUTIONS = (2048, 1024, 512)  # windows of the papers; the hop is half


def multi_resolution_l1(output: Tensor, target: Tensor) -> Tensor:
    """Mean over resolutions of the L1 distance of magnitudes, relative to the target's own magnitude."""
    total = torch.zeros((), device=output.device)
    for size in RESOLUTIONS:
        window = torch.hann_window(size, device=output.device)
        a, b = (torch.stft(x, size, size // 2, window=window, return_complex=True).abs() for x in (output, target))
        total = total + ((a - b).abs().mean((1, 2)) / (b.mean((1, 2)) + 1e-3)).mean()
    return total / len(RESOLUTIONS)


def mask_cross_entropy(masks: Tensor, magnitude: Tensor, stem_power: Tensor) -> Tensor:
    """How badly masks tell the stems apart: cross-entropy to each bin's true shares of power, loud bins counting more.

        − Σ_k R_k log M_k,   R_k = |S_k|² / Σ_j |S_j|²,   weighted by √|X|

    A distance of magnitudes was tried first and failed: its gradient dies with a mask that has gone to zero, and speech,
    silent in most bins, went there and stayed (EXPERIMENTS.md). Here the gradient by the logits is M − R everywhere.

    masks and stem_power = |S|² are [B, K, T, F], magnitude = |X| is [B, T, F].
    """
    shares = stem_power / (stem_power.sum(1, keepdim=True) + 1e-9)
    entropy = -(shares * (masks + 1e-5).log()).sum(1)
    weight = magnitude.sqrt()
    return ((weight * entropy).mean((1, 2)) / (weight.mean((1, 2)) + 1e-3)).mean()


def level_distance(estimated: Tensor, levels_db: Tensor) -> Tensor:
    """How far estimates lie from the stems' levels [B, L, K] in LUFS: Huber, in units of 20 dB around −35, bend at 2 dB."""
    return torch.nn.functional.huber_loss(estimated, (levels_db + 35) / 20, delta=0.1) / 0.1
