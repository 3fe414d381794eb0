"""Multi-head attention and the gated feed-forward layer that the transformers here are made of.

Written out rather than taken from torch: the weights then have one name each in checkpoints, and the graph that is exported
holds nothing but products and a softmax. Attention: Vaswani et al. (2017). GEGLU: Shazeer (2020), with the exact GELU, as the
released VisAH code has it.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F


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
