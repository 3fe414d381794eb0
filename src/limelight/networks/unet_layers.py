"""The layers of the dual U-Net: one level down, one level up, over frequency or over time.

From Défossez, "Hybrid Spectrogram and Waveform Source Separation" (2021). Nothing differs from the paper. Down and up at one
level:

    down   conv (stride) → norm → GELU → residual branch → 1×1 conv → norm → GLU
    up     + skip → 3×3 conv → norm → GLU → transposed conv (stride) → norm → GELU (none at the last)

A level over frequency has [B, C, F, T] and leaves T as it is; a level over time has [B, C, T]. Norms stand only where the
level says so.

The residual branch inside every encoder layer has two rounds of dilated convolution over time, at C / 4 channels:

    x ← x + scale · GLU(norm(W₂ · [attention · LSTM] · GELU(norm(W₁ ∗ x))))         dilation 1, then 2

LSTM and attention stand only in the deep layers. `scale`, one number a channel, starts at 1e-4. The attention fades with
distance, in place of positions: each step attends to every other step but itself, and for query t and key s, per head,

    score(t, s) = k_s · q_t / √d  −  Σ_j  j · |t − s| / √J · ½ sigmoid(a_j(t)),    j = 1 … J

with J decay rates and a learnt a. The softmax runs over s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NORM_GROUPS = 4


@dataclass(frozen=True)
class Level:
    """One level of the U-Net, as the encoder sees it."""

    outer: int  # channels above it
    inner: int  # channels in and below it
    kernel: int = 8
    stride: int = 4
    over_frequency: bool = True
    normed: bool = False
    deep: bool = False  # LSTM and attention in the residual branch
    padded: bool = True  # else the kernel spans all that is left of the frequencies

    @property
    def padding(self) -> int:
        return self.kernel // 4 if self.padded else 0

    def norm(self, channels: int) -> nn.Module:
        return nn.GroupNorm(NORM_GROUPS, channels) if self.normed else nn.Identity()


class Down(nn.Module):
    """Strided convolution, to ⌈length / stride⌉."""

    def __init__(self, level: Level) -> None:
        super().__init__()
        self.level = level
        k, s, p = level.kernel, level.stride, level.padding
        self.conv: nn.Module = (
            nn.Conv2d(level.outer, level.inner, (k, 1), (s, 1), (p, 0))
            if level.over_frequency
            else nn.Conv1d(level.outer, level.inner, k, s, p)
        )

    def forward(self, x: Tensor) -> Tensor:
        missing = 0 if self.level.over_frequency else -x.shape[-1] % self.level.stride
        return self.conv(F.pad(x, (0, missing)))


class Up(nn.Module):
    """Transposed convolution, back to what `Down` was given; `length` is T above a level over time."""

    def __init__(self, level: Level, *, last: bool = False) -> None:
        """`last`: the end of a decoder, without GELU, and in single precision under autocast."""
        super().__init__()
        self.level, self.last = level, last
        k, s = level.kernel, level.stride
        self.conv: nn.Module = (
            nn.ConvTranspose2d(level.inner, level.outer, (k, 1), (s, 1))
            if level.over_frequency
            else nn.ConvTranspose1d(level.inner, level.outer, k, s)
        )
        self.norm = level.norm(level.outer)

    def forward(self, x: Tensor, length: int) -> Tensor:
        if self.last:
            with torch.autocast(x.device.type, enabled=False):
                return self._cut(self.conv(x.float()), length)
        return F.gelu(self._cut(self.norm(self.conv(x)), length))

    def _cut(self, x: Tensor, length: int) -> Tensor:
        p = self.level.padding
        return x[:, :, p : x.shape[2] - p] if self.level.over_frequency else x[..., p : p + length]


class EncoderLayer(nn.Module):
    """A level down. `merged`, of the output's shape, joins right after the strided convolution."""

    def __init__(self, level: Level) -> None:
        super().__init__()
        self.over_frequency = level.over_frequency
        self.down = Down(level)
        self.norm, self.rewrite_norm = level.norm(level.inner), level.norm(2 * level.inner)
        self.branch = ResidualBranch(level.inner, deep=level.deep)
        conv = nn.Conv2d if level.over_frequency else nn.Conv1d
        self.rewrite = conv(level.inner, 2 * level.inner, 1)

    def forward(self, x: Tensor, merged: Tensor | None = None) -> Tensor:
        x = self.down(x)
        x = F.gelu(self.norm(x if merged is None else x + merged))
        x = _each_frequency(self.branch, x) if self.over_frequency else self.branch(x)
        return F.glu(self.rewrite_norm(self.rewrite(x)), dim=1)


class DecoderLayer(nn.Module):
    """A level up: `gather` with the skip, then `up`."""

    def __init__(self, level: Level, *, last: bool = False) -> None:
        super().__init__()
        conv = nn.Conv2d if level.over_frequency else nn.Conv1d
        self.rewrite = conv(level.inner, 2 * level.inner, 3, padding=1)
        self.rewrite_norm = level.norm(2 * level.inner)
        self.up = Up(level, last=last)

    def gather(self, x: Tensor) -> Tensor:
        """What comes from below and beside, already summed, with its surroundings; same shape."""
        return F.glu(self.rewrite_norm(self.rewrite(x)), dim=1)

    def forward(self, x: Tensor, length: int) -> Tensor:
        return self.up(self.gather(x), length)


def _each_frequency(branch: ResidualBranch, x: Tensor) -> Tensor:
    """Runs a branch over the time of every frequency alike, [B, C, F, T]."""
    rows = x.transpose(1, 2)  # [B, F, C, T]
    return branch(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]).transpose(1, 2)


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
