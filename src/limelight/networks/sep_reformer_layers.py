"""The blocks of SepReformer: a look over the whole of time, a look around, and a feed-forward after each.

From Shin et al., "Separate and Reconstruct" (NeurIPS 2024, arXiv 2406.05983). Everything is [B, T, W]:

    global   x ← x + sigmoid(W x) · up(attention(mean of s steps(norm x)))     s: down to the rate of the bottleneck
    local    x ← x + W₃ gelu(norm(W₂ conv(glu(W₁ norm x))))                    conv: depth-wise over time
    feed     x ← x + W₅ glu(conv(W₄ norm x))                                   conv: depth-wise, 3 taps; 6 W inside
    streams  the same step of all streams looks at each other: attention, then feed

Ours differs in three things. The attention carries no table of relative places: the convolutions tell order. A LayerNorm
stands for the batch norm, which the small batches of a small machine would shake. No branch starts at 1e-5 (LayerScale):
a short run would not grow it.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.highlighter import Attention

HEAD_WIDTH = 16
FEED_TAPS = 3


class Block(nn.Module):
    """A look over all and a look around; `pool` is s, T a multiple of it."""

    def __init__(self, width: int, taps: int, pool: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            GlobalLook(width, pool), FeedForward(width), LocalLook(width, taps), FeedForward(width)
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


class FeedForward(nn.Module):
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
        self.feed = FeedForward(width)

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


class Down(nn.Module):
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
