"""The layers of the dual U-Net: one level down, one level up, over frequency or over time.

From Défossez, "Hybrid Spectrogram and Waveform Source Separation" (2021). Down and up at one level:

    down   conv (stride) → norm → GELU → residual branch → 1×1 conv → norm → GLU
    up     + skip → 3×3 conv → norm → GLU → transposed conv (stride) → norm → GELU (none at the last)

A level over frequency has [B, C, F, T] and leaves T as it is; a level over time has [B, C, T]. Norms stand only where
the level says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.residual import ResidualBranch

NORM_GROUPS = 4


@dataclass(frozen=True)
class Level:
    """One storey of the U-Net, as the encoder sees it."""

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
        """`last`: the end of a decoder, without GELU."""
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
        x, p = self.norm(self.conv(x)), self.level.padding
        x = x[:, :, p : x.shape[2] - p] if self.level.over_frequency else x[..., p : p + length]
        return x if self.last else F.gelu(x)


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
