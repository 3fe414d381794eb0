"""What training of `lite` minimises. T steps, N lines, K stems; magnitudes and powers are of lines (networks/lines.py)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

GAIN_BEND_DB = 2.0  # where the distance of gains turns from squared to linear


def relative_distance(output: Tensor, target: Tensor, loudness_weights: Tensor, bins_per_line: Tensor) -> Tensor:
    """L1 distance of magnitudes [B, T, N], the output brought to the target's loudness, relative to the target's sum, [B].

    A line of n bins with power p counts √(n p): about what its bins' magnitudes would add up to.
    """
    wished, found = (((x.square() * loudness_weights).sum((1, 2)) + 1e-9) for x in (target, output))
    fit = (wished / found).sqrt()
    count = bins_per_line.sqrt()
    distance = ((fit[:, None, None] * output - target).abs() * count).sum((1, 2))
    return distance / ((target * count).sum((1, 2)) + 1e-6)


def mask_cross_entropy(masks: Tensor, power: Tensor, stem_power: Tensor, bins_per_line: Tensor) -> Tensor:
    """How badly masks tell the stems apart: cross-entropy to each line's true shares of power, loud lines counting more.

        − Σ_k R_k log M_k,   R_k = |S_k|² / Σ_j |S_j|²,   weighted by √|X|

    A distance of magnitudes was tried first and failed: its gradient dies with a mask that has gone to zero, and speech,
    silent in most bins, went there and stayed (EXPERIMENTS.md). Here the gradient by the logits is M − R everywhere.

    masks and stem_power = |S|² are [B, K, T, N], power = |X|² is [B, T, N].
    """
    shares = stem_power / (stem_power.sum(1, keepdim=True) + 1e-9)
    entropy = -(shares * (masks + 1e-5).log()).sum(1)
    weight = (power * bins_per_line).pow(0.25)
    return ((weight * entropy).mean((1, 2)) / (weight.mean((1, 2)) + 1e-3)).mean()


def gain_distance(gains_db: Tensor, true_db: Tensor) -> Tensor:
    """Huber distance of gains [B, L, K] in dB to the true ones [B, K], [B].

    The true gain of a silent stem is 0 and counts as much as any: with less, what was taken for it was raised by 7 dB.
    """
    error = F.huber_loss(gains_db, true_db[:, None].expand_as(gains_db), reduction="none", delta=GAIN_BEND_DB)
    return error.mean((1, 2))
