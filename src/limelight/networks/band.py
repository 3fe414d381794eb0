"""The band backbone: a network over time whose every step is a matrix product, so that two CPU cores can train and run it.

Ours. The spectrum's N lines (lines.py) are cut into K bands (after Band-Split RNN, Luo and Yu 2023); each band becomes a
vector of width D. A block then looks three times:

    along time     x ← x + GLU(W · conv_t(norm x))      the same weights for every band, dilated over time
    across bands   x ← x + out(A · gelu(in(norm x)))    S channels a band, each with its own K × K matrix over the bands
                                                        (after the full-band linear module of SpatialNet, Quan and Li 2024)
    as a whole     x ← x + out(time(in(norm x)))        all bands of a step through one narrow latent of width R

so that what is learnt of one band helps the others, while the latent sees the whole spectrum and seconds of time.
Without the second look the latent had to be wide, and a wide one learns timbres by heart (EXPERIMENTS.md).
Differs from Band-Split RNN: no recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.lines import Lines

FIRST_TAPS = torch.tensor([0.25, 0.5, 0.25])


@dataclass(frozen=True)
class BandConfig:
    """Size of the backbone. All else follows."""

    sample_rate: int = 48_000  # Hz
    n_fft: int = 2048
    bands: int = 30
    width: int = 32  # D, of one band
    across: int = 16  # S, channels that mix over the bands
    latent_width: int = 96  # R
    blocks: int = 6
    attention_every: int = 2  # blocks 2, 4, 6, … also attend over the whole window
    heads: int = 4
    dropout: float = 0.1  # of the latent

    @property
    def bins(self) -> int:
        return self.n_fft // 2 + 1

    def lines(self) -> Lines:
        return Lines(self.bins, self.sample_rate / self.n_fft)


def band_edges(config: BandConfig) -> list[int]:
    """K + 1 line numbers, from 0 to the number of lines; all bands have as many lines, and the top ones more bins."""
    lines = len(config.lines())
    return [round(lines * k / config.bands) for k in range(config.bands + 1)]


class BandSplit(nn.Module):
    """[B, T, N] features to [B, T, K, D]: one linear layer per band."""

    def __init__(self, config: BandConfig) -> None:
        super().__init__()
        edges = band_edges(config)
        self.widths = [b - a for a, b in pairwise(edges)]
        self.layers = nn.ModuleList(nn.Linear(width, config.width) for width in self.widths)

    def forward(self, x: Tensor) -> Tensor:
        parts = x.split(self.widths, dim=-1)
        return torch.stack([layer(part) for layer, part in zip(self.layers, parts, strict=True)], dim=2)


class BandJoin(nn.Module):
    """[B, T, K, D] back to one number per line and output, [B, T, outputs, N]."""

    def __init__(self, config: BandConfig, outputs: int) -> None:
        super().__init__()
        edges = band_edges(config)
        self.outputs = outputs
        self.layers = nn.ModuleList(nn.Linear(config.width, (b - a) * outputs) for a, b in pairwise(edges))

    def forward(self, x: Tensor) -> Tensor:
        parts = [layer(x[:, :, k]).unflatten(-1, (self.outputs, -1)) for k, layer in enumerate(self.layers)]
        return torch.cat(parts, dim=-1)


class TimeAttention(nn.Module):
    """Self-attention over the steps of one window, [B, T, R], without positions: the convolutions tell order."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # [B, H, T, R/H]
        attended = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(attended.transpose(1, 2).flatten(2))


def neighbours(x: Tensor, weight: Tensor, dilation: int) -> Tensor:
    """Depth-wise convolution over time as three shifted products: x [B, T, …], weight [3, …].

    On a CPU this is faster than a grouped convolution, which would first reorder the whole tensor.
    """
    pad = [0, 0] * (x.dim() - 2) + [dilation, dilation]
    padded = F.pad(x, pad)
    steps = x.shape[1]
    return padded[:, :steps] * weight[0] + x * weight[1] + padded[:, 2 * dilation : 2 * dilation + steps] * weight[2]


class AlongTime(nn.Module):
    """Each band by itself, [B, T, K, D] to the same: a dilated convolution over time, then a gated layer."""

    def __init__(self, config: BandConfig, dilation: int) -> None:
        super().__init__()
        K, D = config.bands, config.width
        self.dilation = dilation
        self.norm = nn.LayerNorm(D)
        self.taps = nn.Parameter(FIRST_TAPS[:, None, None].repeat(1, K, D))
        self.inner, self.outer = nn.Linear(D, 4 * D), nn.Linear(2 * D, D)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(F.glu(self.inner(neighbours(self.norm(x), self.taps, self.dilation))))


class AcrossBands(nn.Module):
    """Each step by itself, [B, T, K, D] to the same: in each of S channels every band hears every other."""

    def __init__(self, config: BandConfig) -> None:
        super().__init__()
        K, D, S = config.bands, config.width, config.across
        self.norm = nn.LayerNorm(D)
        self.inner, self.outer = nn.Linear(D, S), nn.Linear(S, D)
        self.matrices = nn.Parameter(torch.randn(S, K, K) / K**0.5)

    def forward(self, x: Tensor) -> Tensor:
        B, T = x.shape[:2]
        channels = F.gelu(self.inner(self.norm(x)), approximate="tanh").permute(3, 0, 1, 2).flatten(1, 2)  # [S, BT, K]
        mixed = torch.bmm(channels, self.matrices).unflatten(1, (B, T)).permute(1, 2, 3, 0)  # [B, T, K, S]
        return self.outer(F.gelu(mixed, approximate="tanh"))


class AsAWhole(nn.Module):
    """All bands through one latent, [B, T, K, D] to the same: a dilated convolution, and attention over the window."""

    def __init__(self, config: BandConfig, dilation: int, *, attends: bool) -> None:
        super().__init__()
        K, D, R = config.bands, config.width, config.latent_width
        self.dilation = dilation
        self.norm = nn.LayerNorm(D)
        self.inner, self.outer = nn.Linear(K * D, R), nn.Linear(R, K * D)
        self.taps = nn.Parameter(FIRST_TAPS[:, None].repeat(1, R))
        self.attention = TimeAttention(R, config.heads) if attends else None
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        latent = self.inner(self.norm(x).flatten(2))
        latent = F.gelu(neighbours(latent, self.taps, self.dilation), approximate="tanh")
        if self.attention is not None:
            latent = self.attention(latent)
        return self.outer(self.dropout(latent)).unflatten(-1, x.shape[2:])


class BandBlock(nn.Module):
    """The three looks, one after another; [B, T, K, D] to the same."""

    def __init__(self, config: BandConfig, index: int) -> None:
        super().__init__()
        dilation = 2 ** (index % 6)
        self.along_time = AlongTime(config, dilation)
        self.across_bands = AcrossBands(config)
        self.as_a_whole = AsAWhole(config, dilation, attends=(index + 1) % config.attention_every == 0)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.along_time(x)
        x = x + self.across_bands(x)
        return x + self.as_a_whole(x)


class BandBackbone(nn.Module):
    """Mean powers of lines [B, T, N] to band vectors [B, T, K, D]."""

    def __init__(self, config: BandConfig) -> None:
        super().__init__()
        self.split = BandSplit(config)
        self.blocks = nn.ModuleList(BandBlock(config, index) for index in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, power: Tensor) -> Tensor:
        # Ears and dynamics are logarithmic; −60 dB below programme level is as good as nothing.
        x = self.split(torch.log10(power + 1e-6) / 2 + 1)
        for block in self.blocks:
            x = block(x)
        normed: Tensor = self.norm(x)
        return normed
