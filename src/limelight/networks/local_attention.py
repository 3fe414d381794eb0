"""Attention that fades with distance: how the dual U-Net's residual branches look around in time.

From Défossez, "Hybrid Spectrogram and Waveform Source Separation" (2021). A step attends to every other step but itself;
in place of positions, each step says how fast its interest fades with distance. For query t and key s, per head,

    score(t, s) = k_s · q_t / √d  −  Σ_j  j · |t − s| / √J · ½ sigmoid(a_j(t)),    j = 1 … J

with J decay rates and a learnt a. The softmax runs over s. Nothing differs from the paper.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

DECAYS = 4  # J
_NEVER = -100.0  # a score that the softmax turns into nothing
_FIRST_DECAY = -2.0  # bias of a: at first every step looks far


class LocalAttention(nn.Module):
    """[B, C, T] to [B, C, T], added to what came in."""

    def __init__(self, channels: int, *, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.content, self.query, self.key = (nn.Conv1d(channels, channels, 1) for _ in range(3))
        self.decay = nn.Conv1d(channels, heads * DECAYS, 1)
        self.out = nn.Conv1d(channels, channels, 1)
        with torch.no_grad():
            self.decay.weight.mul_(0.01)
            self.decay.bias.fill_(_FIRST_DECAY)  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        content, query, key, decay = (
            layer(x).unflatten(1, (self.heads, -1)) for layer in (self.content, self.query, self.key, self.decay)
        )  # [B, H, C / H, T] thrice, [B, H, J, T]
        rates = torch.arange(1, DECAYS + 1, device=x.device, dtype=x.dtype) / (2 * math.sqrt(DECAYS))
        fading = torch.einsum("j,bhjt->bht", rates, decay.sigmoid())
        scores = query.transpose(-2, -1) @ key / math.sqrt(query.shape[2])  # [B, H, T, T], over keys last
        distances = _distances(x)
        scores = scores - fading[..., None] * distances
        weights = scores.masked_fill(distances == 0, _NEVER).softmax(-1)
        return x + self.out((content @ weights.transpose(-2, -1)).flatten(1, 2))


def _distances(x: Tensor) -> Tensor:
    """|t − s|, [T, T]."""
    steps = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
    return (steps[:, None] - steps[None, :]).abs()
