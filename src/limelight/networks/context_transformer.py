"""The context transformer of VisAH, and the attention it is made of.

Multi-head attention and the gated feed-forward layer that the transformers here are made of.

Written out rather than taken from torch: the weights then have one name each in checkpoints, and the graph that is exported
holds nothing but products and a softmax. Attention: Vaswani et al. (2017). GEGLU: Shazeer (2020), with the exact GELU, as the
released VisAH code has it.

VisAH's latent highlighting transformer: the sound's embedding looks at the context and is changed by what it sees.

From VisAH (CVPR 2025), and SemMix (arXiv 2601.08871) with fewer encoder layers:

    f̂ = f + Z(D(W · norm(f), E(c)))

    E   context [B, M, D] → linear → encoder layers: attention with sinusoids of the step's number, feed-forward
    D   6 blocks: self-attention, attention to E(c), GEGLU feed-forward, each behind a LayerNorm
    Z   1×1 convolution that starts at zero: an untrained network does not depend on its context at all

The sound carries no positional code (its backbone knows time). Without a context the second attention of a block looks at
the sound again. Weights start as torch's `MultiheadAttention` and `Linear` start theirs, which is what the released code uses.

The released code lets E attend over the batch: it hands [B, M, width] to an attention that expects [M, B, width]. So a film's
context depends on the films beside it and not on its own other seconds. `context_axis` "batch" does the same, for released
weights; "time", ours, lets each second see the film's others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


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

    def __init__(self, width: int, factor: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, 2 * factor * width)
        self.outer = nn.Linear(factor * width, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.inner(x).chunk(2, dim=-1)
        return self.outer(value * F.gelu(gate))


NORM_GROUPS = 32
HEAD_WIDTH = 32
LONGEST_PERIOD = 10_000  # of the sinusoids, in steps of the context, over 2 π
ENCODER_FACTOR, DECODER_FACTOR = 2, 4  # feed-forward's width over the transformer's
TIME, BATCH = "time", "batch"


@dataclass(frozen=True)
class ContextTransformerConfig:
    """Size of the transformer; its width is heads × head_width."""

    embedding_width: int = 768  # C_a of the backbone, a multiple of 32
    heads: int = 16
    context_width: int = 768  # numbers a step of context: 768 CLIP, 4,096 T5-XXL; 0 builds no context encoder
    encoder_layers: int = 3
    decoder_layers: int = 6
    context_axis: str = TIME  # what the context encoder attends over
    head_width: int = HEAD_WIDTH

    def __post_init__(self) -> None:
        if self.context_axis not in (TIME, BATCH):
            raise ValueError(f"a context encoder attends over {TIME} or {BATCH}, got {self.context_axis!r}")

    @property
    def width(self) -> int:
        return self.head_width * self.heads


class ContextTransformer(nn.Module):
    """Embedding [B, C_a, L] and context [B, M, D] (or none) to the highlighted embedding [B, C_a, L].

    `hidden` [B, M] is 1 where a step of context must not be seen (padding of a batch); one step must remain.
    """

    recompute = False  # the blocks' activations in the way back, in place of keeping them

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
        memory = self._encoded(context, hidden)
        x = self.embedding_in(self.norm(embedding)).transpose(1, 2)  # [B, L, width]
        for block in self.blocks:
            if self.recompute and self.training:
                x = checkpoint(block, x, memory, hidden, use_reentrant=False)
            else:
                x = block(x, memory, hidden)
        return embedding + self.embedding_out(x.transpose(1, 2))

    def _encoded(self, context: Tensor | None, hidden: Tensor | None) -> Tensor | None:
        if context is None:
            return None
        if self.context_encoder is None:
            raise ValueError("this network was built without a context encoder (context_width 0) but got a context")
        return self.context_encoder(context, hidden)


class ContextEncoder(nn.Module):
    """Context [B, M, D] to memory [B, M, width]."""

    def __init__(self, config: ContextTransformerConfig) -> None:
        super().__init__()
        self.over_batch = config.context_axis == BATCH
        self.project = nn.Linear(config.context_width, config.width)
        self.layers = nn.ModuleList(ContextLayer(config) for _ in range(config.encoder_layers))

    def forward(self, context: Tensor, hidden: Tensor | None = None) -> Tensor:
        x = self.project(context)
        code = step_code(x)[None]  # [1, M, width]
        if self.over_batch:  # every step of the context is then alone with the same step of the other films
            x, code, hidden = x.transpose(0, 1), code.transpose(0, 1), None
        for layer in self.layers:
            x = layer(x, code, hidden)
        return x.transpose(0, 1) if self.over_batch else x


class ContextLayer(nn.Module):
    """Every step of the context looks at every other, then a feed-forward layer of its own."""

    def __init__(self, config: ContextTransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.norm, self.ff_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, config.heads)
        self.inner = nn.Linear(width, ENCODER_FACTOR * width)
        self.outer = nn.Linear(ENCODER_FACTOR * width, width)
        _start_as_multihead(self.attention)

    def forward(self, x: Tensor, code: Tensor, hidden: Tensor | None) -> Tensor:
        normed = self.norm(x)
        placed = normed + code
        x = x + self.attention(placed, placed, hidden, content=normed)
        return x + self.outer(F.gelu(self.inner(self.ff_norm(x))))


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
    """Sinusoids of the step's number for x [B, M, width], [M, width]; periods from 2 π to 2 π · 10,000 steps.

    Sine and cosine of one period stand side by side.
    """
    half = x.shape[-1] // 2
    rates = torch.exp(-math.log(LONGEST_PERIOD) * torch.arange(half, device=x.device) / half)
    angles = torch.arange(x.shape[1], device=x.device)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(x.dtype)


def _start_as_multihead(attention: Attention) -> None:
    """First weights as of torch's `MultiheadAttention`: one Xavier draw over queries, keys and values, biases of zero."""
    width = attention.q.in_features
    bound = math.sqrt(6 / (width + 3 * width))
    for layer in (attention.q, attention.k, attention.v):
        nn.init.uniform_(layer.weight, -bound, bound)
    for layer in (attention.q, attention.k, attention.v, attention.out):
        nn.init.zeros_(layer.bias)
