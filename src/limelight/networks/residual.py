"""The residual branch inside every encoder layer of the dual U-Net: two rounds of dilated convolution over time.

From Défossez, "Hybrid Spectrogram and Waveform Source Separation" (2021). One round, at C / 4 channels:

    x ← x + scale · GLU(norm(W₂ · [attention · LSTM] · GELU(norm(W₁ ∗ x))))         dilation 1, then 2

The LSTM and the attention stand only in the deep layers. `scale`, one number a channel, starts at 1e-4, so that a new
branch hardly says anything. Nothing differs from the paper.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.local_attention import LocalAttention

ROUNDS = 2
COMPRESSION = 4
FIRST_SCALE = 1e-4
LSTM_STEPS = 200  # an LSTM never runs longer than this


class ResidualBranch(nn.Module):
    """[B, C, T] to [B, C, T]. `deep`: with LSTM and local attention."""

    def __init__(self, channels: int, *, deep: bool) -> None:
        super().__init__()
        self.rounds = nn.ModuleList(_round(channels, 2**i, deep=deep) for i in range(ROUNDS))

    def forward(self, x: Tensor) -> Tensor:
        for layers in self.rounds:
            x = x + layers(x)
        return x


def _round(channels: int, dilation: int, *, deep: bool) -> nn.Sequential:
    hidden = channels // COMPRESSION
    return nn.Sequential(
        nn.Conv1d(channels, hidden, 3, dilation=dilation, padding=dilation),
        nn.GroupNorm(1, hidden),
        nn.GELU(),
        *([ChunkedLstm(hidden), LocalAttention(hidden)] if deep else []),
        nn.Conv1d(hidden, 2 * channels, 1),
        nn.GroupNorm(1, 2 * channels),
        nn.GLU(dim=1),
        ChannelScale(channels),
    )


class ChannelScale(nn.Module):
    """One factor a channel, small at first (LayerScale)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels, 1), FIRST_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x


class ChunkedLstm(nn.Module):
    """Two bidirectional LSTM layers over [B, C, T], added to what came in.

    A long stretch is cut into chunks of 200 steps that overlap by half; of each, the middle half is kept:

        chunk 0   ├──kept──────┤      ┤
        chunk 1          ├     ├─kept─┤      ┤
        chunk 2                 ├     ├──────kept──┤
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, channels, num_layers=2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        steps = x.transpose(1, 2)  # [B, T, C]
        run = self._whole if steps.shape[1] <= LSTM_STEPS else self._in_chunks
        return x + run(steps).transpose(1, 2)

    def _whole(self, steps: Tensor) -> Tensor:
        return self.out(self.lstm(steps)[0])

    def _in_chunks(self, steps: Tensor) -> Tensor:
        T, hop, edge = steps.shape[1], LSTM_STEPS // 2, LSTM_STEPS // 4
        count = math.ceil(T / hop)
        halves = F.pad(steps, (0, 0, 0, (count + 1) * hop - T)).unflatten(1, (count + 1, hop))
        chunks = torch.cat([halves[:, :-1], halves[:, 1:]], dim=2)  # [B, count, 200, C]
        heard = self._whole(chunks.flatten(0, 1)).unflatten(0, (-1, count))
        middle = heard[:, :, edge:-edge].flatten(1, 2)
        return torch.cat([heard[:, 0, :edge], middle, heard[:, -1, -edge:]], dim=1)[:, :T]
