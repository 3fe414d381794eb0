"""VisAH's latent highlighting transformer: the sound's embedding looks at the context and is changed by what it sees.

From VisAH (CVPR 2025), and SemMix (arXiv 2601.08871) with fewer encoder layers:

    f̂ = f + Z(D(W · norm(f), E(c)))

    E   context [B, M, D] → linear → encoder layers over the context's time: attention, feed-forward
    D   6 blocks: self-attention, attention to E(c), GEGLU feed-forward, each behind a LayerNorm
    Z   1×1 convolution that starts at zero: an untrained network does not depend on its context at all

The context carries its order as sinusoids, added to what is looked for and looked at, not to what is heard; the sound
carries none (its backbone knows time). Without a context the second attention of a block looks at the sound again.

Ours differs in one thing, on purpose: the released code lets the context encoder attend over the batch, ours over time.
It shares attention and feed-forward with `highlighter`, lite's own and smaller one, which knows seconds on both sides
and hence suits films of any length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.highlighter import Attention, FeedForward

NORM_GROUPS = 32
HEAD_WIDTH = 32
LONGEST_PERIOD = 10_000  # of the sinusoids, in steps of the context, over 2 π
ENCODER_FACTOR, DECODER_FACTOR = 2, 4  # feed-forward's width over the transformer's


@dataclass(frozen=True)
class ContextTransformerConfig:
    """Size of the transformer; its width is heads × 32."""

    embedding_width: int = 768  # C_a of the backbone, a multiple of 32
    heads: int = 16
    context_width: int = 768  # numbers a step of context: 768 CLIP, 4,096 T5-XXL; 0 builds no context encoder
    encoder_layers: int = 3
    decoder_layers: int = 6

    @property
    def width(self) -> int:
        return HEAD_WIDTH * self.heads


class ContextTransformer(nn.Module):
    """Embedding [B, C_a, L] and context [B, M, D] (or none) to the highlighted embedding [B, C_a, L].

    `hidden` [B, M] is 1 where a step of context must not be seen (padding of a batch); one step must remain.
    """

    def __init__(self, config: ContextTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.norm = nn.GroupNorm(NORM_GROUPS, config.embedding_width, eps=1e-6)
        self.embedding_in = nn.Conv1d(config.embedding_width, config.width, 1)
        self.context_encoder = ContextEncoder(config) if config.context_width else None
        self.blocks = nn.ModuleList(DecoderBlock(config) for _ in range(config.decoder_layers))
        self.embedding_out = nn.Conv1d(config.width, config.embedding_width, 1)
        nn.init.zeros_(self.embedding_out.weight)
        nn.init.zeros_(self.embedding_out.bias)  # type: ignore[arg-type]

    def forward(self, embedding: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        memory = self._remember(context, hidden)
        x = self.embedding_in(self.norm(embedding)).transpose(1, 2)  # [B, L, width]
        for block in self.blocks:
            x = block(x, memory, hidden)
        return embedding + self.embedding_out(x.transpose(1, 2))

    def _remember(self, context: Tensor | None, hidden: Tensor | None) -> Tensor | None:
        if context is None:
            return None
        if self.context_encoder is None:
            raise ValueError("this network was built without a context encoder (context_width 0) but got a context")
        return self.context_encoder(context, hidden)


class ContextEncoder(nn.Module):
    """Context [B, M, D] to memory [B, M, width]."""

    def __init__(self, config: ContextTransformerConfig) -> None:
        super().__init__()
        self.project = nn.Linear(config.context_width, config.width)
        self.layers = nn.ModuleList(ContextLayer(config) for _ in range(config.encoder_layers))

    def forward(self, context: Tensor, hidden: Tensor | None = None) -> Tensor:
        x = self.project(context)
        places = step_code(x)
        for layer in self.layers:
            x = layer(x, places, hidden)
        return x


class ContextLayer(nn.Module):
    """Every step of the context looks at every other, then thinks for itself."""

    def __init__(self, config: ContextTransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.norm, self.ff_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, config.heads)
        self.inner = nn.Linear(width, ENCODER_FACTOR * width)
        self.outer = nn.Linear(ENCODER_FACTOR * width, width)

    def forward(self, x: Tensor, places: Tensor, hidden: Tensor | None) -> Tensor:
        normed = self.norm(x)
        placed = normed + places
        x = x + self.attention(placed, placed, hidden, content=normed)
        return x + self.outer(F.relu(self.inner(self.ff_norm(x))))


class DecoderBlock(nn.Module):
    """The sound looks at itself, then at the memory (without one: at itself again)."""

    def __init__(self, config: ContextTransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.norm, self.cross_norm, self.ff_norm = (nn.LayerNorm(width) for _ in range(3))
        self.attention, self.cross = (Attention(width, config.heads, biased=False) for _ in range(2))
        self.ff = FeedForward(width, DECODER_FACTOR)

    def forward(self, x: Tensor, memory: Tensor | None, hidden: Tensor | None) -> Tensor:
        normed = self.norm(x)
        x = x + self.attention(normed, normed)
        normed = self.cross_norm(x)
        x = x + (self.cross(normed, normed) if memory is None else self.cross(normed, memory, hidden))
        return x + self.ff(self.ff_norm(x))


def step_code(x: Tensor) -> Tensor:
    """Sinusoids of the step's number for x [B, M, width], [M, width]; periods from 2 π to 2 π · 10,000 steps."""
    half = x.shape[-1] // 2
    rates = torch.exp(-math.log(LONGEST_PERIOD) * torch.arange(half, device=x.device) / half)
    angles = torch.arange(x.shape[1], device=x.device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1).to(x.dtype)
