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


def stem_l1(masks: Tensor, magnitude: Tensor, cross: Tensor, stem_magnitude: Tensor) -> Tensor:
    """Distance of the masked mixture from the true stems, twice: complex (loud bins lead), and of √magnitude (all do).

    The √ keeps quiet bins from being ignored, as hearing does not ignore them. With a real mask M the complex distance
    needs no complex numbers:

        |M X − S|² = M² |X|² − 2 M Re(X* S) + |S|²

    masks, cross = Re(X* S) and stem_magnitude = |S| are [B, K, T, F], magnitude = |X| is [B, T, F].
    """
    estimate = masks * magnitude[:, None]
    squared = estimate.square() - 2 * masks * cross + stem_magnitude.square()
    scale = magnitude.mean((1, 2)) + 1e-3  # one per mixture
    linear = (squared.clamp(min=0) + 1e-6).sqrt().mean((1, 2, 3)) / scale
    compressed = ((estimate + 1e-4).sqrt() - (stem_magnitude + 1e-4).sqrt()).abs().mean((1, 2, 3)) / scale.sqrt()
    return (linear + compressed).mean()


def gain_huber(gains_db: Tensor, true_db: Tensor, weight: Tensor) -> Tensor:
    """Distance of gains [B, L, K] from the truth [B, K] in dB, linear beyond 2 dB; `weight` [B, K] is 0 for silent stems."""
    error = torch.nn.functional.huber_loss(gains_db, true_db[:, None].expand_as(gains_db), reduction="none", delta=2.0)
    return (error.mean(1) * weight).sum() / weight.sum().clamp(min=1)
