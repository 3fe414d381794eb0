"""The blocks of SepReformer: a look over the whole of time, a look around, and a feed-forward after each.

From Shin et al., "Separate and Reconstruct" (NeurIPS 2024, arXiv 2406.05983). Everything is [B, T, W]:

    global   x ← x + sigmoid(W x) · up(attention(mean of s steps(norm x)))     s: down to the rate of the bottleneck
    local    x ← x + W₃ gelu(norm(W₂ conv(glu(W₁ norm x))))                    conv: depth-wise over time
    feed     x ← x + W₅ glu(conv(W₄ norm x))                                   conv: depth-wise, 3 taps; 6 W inside
    streams  the same step of all streams looks at each other: attention, then feed

Ours differs in three things. The attention carries no table of relative places: the convolutions tell order. A LayerNorm
stands for the batch norm, which the small batches of a small machine would shake. No branch starts at 1e-5 (LayerScale):
a short run would not grow it.

SepReformer: an encoder that hears one sound, split early into streams, and one decoder that rebuilds each of them.

From Shin et al., "Separate and Reconstruct" (NeurIPS 2024, arXiv 2406.05983), at R stages:

    [B, T, W] → stage ─── split ──────────────────────────→ fuse → stage → streams [B, K, T, W]
                 ↓2                                          ↑2
                stage ─── split ───────────→ fuse → stage ───┘
                 ↓2                           ↑2
                  …                           …
                bottleneck ── split ──────────┘

A stage of the encoder is two blocks. One of the decoder is three, each followed by a look across the streams, with the same
weights for all of them (`sep_reformer_layers`); and one split serves all levels. At the paper's size B (W = 128, R = 4, two
streams, 65 taps) the paper's whole network has 14.2 M parameters, ours 13.9 M: the encoder and decoder of its waveform and
its table of relative places are not here. The split norms each step by itself, the paper's over all steps.

`modulate(x, i)` may change what enters place i: 0 … R − 1 the encoder's stages, R the bottleneck, R + 1 … 2 R the decoder's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.context_transformer import Attention
from limelight.networks.dual_unet import StftFrames

HEAD_WIDTH = 16
FEED_TAPS = 3


class ReformerBlock(nn.Module):
    """A look over all and a look around; `pool` is s, T a multiple of it."""

    def __init__(self, width: int, taps: int, pool: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            GlobalLook(width, pool), LocalFeedForward(width), LocalLook(width, taps), LocalFeedForward(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class GlobalLook(nn.Module):
    """Attention over the whole stretch at the rate of the bottleneck; each step takes of it what its gate lets through."""

    def __init__(self, width: int, pool: int) -> None:
        super().__init__()
        self.pool = pool
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads_of(width))
        self.gate = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.norm(x.unflatten(1, (-1, self.pool)).mean(2))
        heard = self.attention(pooled, pooled).repeat_interleave(self.pool, dim=1)
        return x + self.gate(x) * heard


class LocalLook(nn.Module):
    """A convolution around each step, `taps` wide (odd)."""

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GLU())
        self.around = OverTime(width, taps)
        self.outer = nn.Sequential(
            nn.Linear(width, 2 * width), nn.LayerNorm(2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(self.around(self.inner(x)))


class LocalFeedForward(nn.Module):
    """Each step for itself and its neighbours."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 6 * width),
            OverTime(6 * width, FEED_TAPS),
            nn.GLU(),
            nn.Linear(3 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class AcrossStreams(nn.Module):
    """[B, K, T, W] to the same: at each step every stream looks at every other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads_of(width))
        self.feed = LocalFeedForward(width)

    def forward(self, x: Tensor) -> Tensor:
        B, K = x.shape[:2]
        normed = self.norm(x).transpose(1, 2).flatten(0, 1)  # [B T, K, W]
        heard = self.attention(normed, normed).unflatten(0, (B, -1)).transpose(1, 2)
        return self.feed((x + heard).flatten(0, 1)).unflatten(0, (B, K))


class OverTime(nn.Module):
    """Depth-wise convolution over [B, T, W]; with a stride of 2 it halves T (an even number)."""

    def __init__(self, width: int, taps: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, taps, stride, padding=taps // 2, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.transpose(1, 2)).transpose(1, 2)


class HalfAsManySteps(nn.Module):
    """Half as many steps."""

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.halve = OverTime(width, taps, stride=2)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.norm(self.halve(x)))


def heads_of(width: int) -> int:
    """Heads of 16 numbers each; one, where that does not come out even."""
    return width // HEAD_WIDTH if width % HEAD_WIDTH == 0 else 1


ENCODER_BLOCKS, DECODER_BLOCKS = 2, 3  # in a stage
DOWN_TAPS = 5

Modulate = Callable[[Tensor, int], Tensor]  # x [B, T, W] or [B, K, T, W] and the place, to the same shape


@dataclass(frozen=True)
class SepReformerConfig(StftFrames):
    """Size of the network: `width` is the dial, a multiple of 4. The frames of the STFT are its steps."""

    width: int = 128  # W
    stages: int = 4  # R
    streams: int = 3  # K
    taps: int = 9  # of a look around, odd; 0.2 s
    sample_rate: int = 44_100  # Hz

    def __post_init__(self) -> None:
        if self.width < 4 or self.width % 4:
            raise ValueError(f"the width of a SepReformer must be a multiple of 4, got {self.width}")
        if self.stages < 1 or self.streams < 1 or self.taps % 2 == 0:
            raise ValueError(
                f"a SepReformer has at least one stage and one stream, and odd taps, got {self.stages}, {self.streams} "
                f"and {self.taps}"
            )

    @property
    def shrinkage(self) -> int:
        """How many steps the bottleneck has for one."""
        return 2**self.stages

    @property
    def places(self) -> int:
        """Where it may be modulated."""
        return 2 * self.stages + 1


class SepReformer(nn.Module):
    """Features [B, T, W] to streams [B, K, T, W], of any length."""

    def __init__(self, config: SepReformerConfig) -> None:
        super().__init__()
        self.config = config
        W, levels = config.width, range(config.stages)
        pools = [2 ** (config.stages - i) for i in range(config.stages + 1)]
        self.encoder = nn.ModuleList(_stage(config, pools[i]) for i in range(config.stages + 1))
        self.down = nn.ModuleList(HalfAsManySteps(W, DOWN_TAPS) for _ in levels)
        self.split = Split(W, config.streams)
        # The decoder's levels are listed as the encoder's are, from the outside in.
        self.fuse = nn.ModuleList(nn.Linear(2 * W, W) for _ in levels)
        self.decoder = nn.ModuleList(DecoderStage(config, pools[i]) for i in levels)

    def forward(self, x: Tensor, *, modulate: Modulate | None = None) -> Tensor:
        """`modulate` changes what enters each stage."""
        steps, change = x.shape[1], modulate or _unchanged
        x = F.pad(x, (0, 0, 0, -steps % self.config.shrinkage))
        skips = []
        for i, (stage, down) in enumerate(zip(self.encoder[:-1], self.down, strict=True)):
            x = stage(change(x, i))
            skips.append(self.split(x))
            x = down(x)
        streams = self.split(self.encoder[-1](change(x, self.config.stages)))
        for place, i in enumerate(reversed(range(self.config.stages)), start=self.config.stages + 1):
            streams = self.fuse[i](torch.cat([streams.repeat_interleave(2, dim=2), skips[i]], dim=-1))
            streams = self.decoder[i](change(streams, place))
        return streams[:, :, :steps]


class DecoderStage(nn.Module):
    """[B, K, T, W] to the same: every stream by itself with the same weights, then across."""

    def __init__(self, config: SepReformerConfig, pool: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ReformerBlock(config.width, config.taps, pool) for _ in range(DECODER_BLOCKS))
        self.across = nn.ModuleList(AcrossStreams(config.width) for _ in range(DECODER_BLOCKS))

    def forward(self, x: Tensor) -> Tensor:
        for block, across in zip(self.blocks, self.across, strict=True):
            x = across(block(x.flatten(0, 1)).unflatten(0, x.shape[:2]))
        return x


class Split(nn.Module):
    """[B, T, W] to K streams of it, [B, K, T, W], each normed."""

    def __init__(self, width: int, streams: int) -> None:
        super().__init__()
        self.streams = streams
        inner = 2 * width * streams
        self.layers = nn.Sequential(nn.Linear(width, 2 * inner), nn.GLU(), nn.Linear(inner, width * streams))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.layers(x).unflatten(-1, (self.streams, -1)).transpose(1, 2))


def _stage(config: SepReformerConfig, pool: int) -> nn.Sequential:
    return nn.Sequential(*(ReformerBlock(config.width, config.taps, pool) for _ in range(ENCODER_BLOCKS)))


def _unchanged(x: Tensor, _place: int) -> Tensor:
    return x
