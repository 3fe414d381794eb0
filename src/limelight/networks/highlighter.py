"""The latent highlighter: lets the latent of the sound look at the context, and adds what it learnt from it.

From VisAH (CVPR 2025): f̂ = f + Z(D(f, E(context))), with E a small transformer over the context's time, D decoder blocks
(self-attention, cross-attention, GEGLU feed-forward, pre-norm), Z a linear layer that starts at zero, so that an untrained
highlighter changes nothing. Ours differs in three things: both sides carry their time in seconds, so that a picture can be
matched with the sound of the same moment; a learnt "no picture" token always stands beside the context, so that sound-only
films are nothing special; the context encoder attends over time (the released code attends over the batch).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class HighlighterConfig:
    """Size of the highlighter."""

    context_width: int = 32  # numbers per step of context
    latent_width: int = 128  # of the sound's latent
    width: int = 128
    heads: int = 4
    encoder_layers: int = 1
    decoder_layers: int = 2


def time_code(time_seconds: Tensor, width: int) -> Tensor:
    """Sinusoids of time in seconds, [B, T] to [B, T, width]; periods from 0.25 s to 4 minutes."""
    periods = torch.logspace(math.log10(0.25), math.log10(240), width // 2, device=time_seconds.device)
    angles = 2 * math.pi * time_seconds[..., None] / periods
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class Attention(nn.Module):
    """Multi-head attention of [B, L, width] on [B, M, width]; `hidden` [B, M] marks what must not be seen.

    `content` [B, M, width] is what is heard at a place of the memory, where that is not what it is found by.
    """

    def __init__(self, width: int, heads: int, *, biased: bool = True) -> None:
        """`biased`: also on the way in (the way out always has one)."""
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, width, bias=biased) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(
        self, x: Tensor, memory: Tensor, hidden: Tensor | None = None, *, content: Tensor | None = None
    ) -> Tensor:
        sources = ((self.q, x), (self.k, memory), (self.v, memory if content is None else content))
        q, k, v = (layer(part).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer, part in sources)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # [B, H, L, M]
        if hidden is not None:
            scores = scores - 1e4 * hidden[:, None, None, :].to(scores.dtype)
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """GEGLU: one half gates the other."""

    def __init__(self, width: int, factor: int = 2) -> None:
        super().__init__()
        self.inner = nn.Linear(width, 2 * factor * width)
        self.outer = nn.Linear(factor * width, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.inner(x).chunk(2, dim=-1)
        return self.outer(value * F.gelu(gate, approximate="tanh"))


class EncoderLayer(nn.Module):
    """Self-attention over the context's time."""

    def __init__(self, config: HighlighterConfig) -> None:
        super().__init__()
        self.norm, self.ff_norm = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention = Attention(config.width, config.heads)
        self.ff = FeedForward(config.width)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        normed = self.norm(x)
        x = x + self.attention(normed, normed, hidden)
        return x + self.ff(self.ff_norm(x))


class DecoderLayer(nn.Module):
    """Self-attention of the sound, then cross-attention to the context."""

    def __init__(self, config: HighlighterConfig) -> None:
        super().__init__()
        self.norm, self.cross_norm, self.ff_norm = (nn.LayerNorm(config.width) for _ in range(3))
        self.attention = Attention(config.width, config.heads)
        self.cross = Attention(config.width, config.heads)
        self.ff = FeedForward(config.width)

    def forward(self, x: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        normed = self.norm(x)
        x = x + self.attention(normed, normed)
        x = x + self.cross(self.cross_norm(x), memory, hidden)
        return x + self.ff(self.ff_norm(x))


class Highlighter(nn.Module):
    """latent [B, L, R] and context [B, M, context_width] to the highlighted latent [B, L, R].

    `hidden` [B, M] is 1 where a step of context must not be seen (padding, or a picture left out in training).
    """

    def __init__(self, config: HighlighterConfig) -> None:
        super().__init__()
        self.width = config.width
        self.latent_in = nn.Sequential(nn.LayerNorm(config.latent_width), nn.Linear(config.latent_width, config.width))
        self.context_in = nn.Linear(config.context_width, config.width)
        self.no_picture = nn.Parameter(torch.zeros(1, 1, config.width))
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.out = nn.Linear(config.width, config.latent_width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(
        self, latent: Tensor, latent_seconds: Tensor, context: Tensor, context_seconds: Tensor, hidden: Tensor
    ) -> Tensor:
        memory = self.context_in(context) + time_code(context_seconds, self.width)
        memory = torch.cat([self.no_picture.expand(len(context), -1, -1), memory], dim=1)
        hidden = F.pad(hidden, (1, 0))  # the "no picture" token is always seen
        for layer in self.encoder:
            memory = layer(memory, hidden)
        x = self.latent_in(latent) + time_code(latent_seconds, self.width)
        for layer in self.decoder:
            x = layer(x, memory, hidden)
        return latent + self.out(x)
