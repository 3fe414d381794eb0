"""The network of `lite`: told a mixture and what pretrained ears hear in it, it shares each line out to three stems.

Ours; every step is a matrix product, so that one CPU core can run it. T steps of N lines (2048 / 1024 at 48 kHz) are cut into
K bands (after Band-Split RNN, Luo and Yu 2023) and runs of P steps; each such tile becomes a token of width D. A block looks
three times:

    along time     x ← x + out(relu(a) · b),  a, b = in(shift_t(norm x))  the same weights for every band; a quarter of the
                                                                           channels is earlier, a quarter later, by 1 … 32
                                                                           tokens (shifts: TSM, Lin et al. 2019)
    across bands   x ← x + out(A · relu(in(norm x)))                       S channels, each with a K × K matrix over the bands
                                                                           (after SpatialNet, Quan and Li 2024)
    as a whole     x ← x + out(time(in(norm x)))                           all bands through a latent of width R, with attention

Differs from Band-Split RNN: no recurrence, tiles of several steps, and two ways around. The logit of speech is what the network
says plus what the pretrained ear says, times a trust of the network; so it begins with that ear's mask, and learns when not to
believe it. What kinds of sound the mixture is, by YAMNet, is added to every token, for each band in its own way.
And a stem that is not there now is told once, not line by line: the log of its presence is added to all its logits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEM_COUNT = 3  # speech, music, effects
TOLD = ("mixture", "speech", "rest", "side")  # powers of a line, in the order of the input
FEATURES = 4  # of a line: mixture, ear, ear over rest, side over mixture
KINDS = 1024  # numbers of what the mixture is, by YAMNet
KINDS_WIDTH = 64
KINDS_SCALE = 4.0  # four fifths are zero, the rest 0 … 4
KINDS_DROPOUT = 0.1
SHARPNESS = 1.5  # of masks in use: of 1 … 2.5 the best for remixes, on validation scenes
FIRST_TAPS = torch.tensor([0.25, 0.5, 0.25])
FIRST_TRUST = 0.5
FIRST_GATE = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])  # scale and shift of presence, by stem


@dataclass(frozen=True)
class StemSeparatorConfig:
    """Everything that is needed to build the network again; travels in the checkpoint."""

    lines: int = 210
    bands: int = 30
    steps_per_token: int = 4  # P
    width: int = 80  # D
    across: int = 24  # S
    latent_width: int = 160  # R
    blocks: int = 6
    attention_every: int = 2
    heads: int = 4
    dropout: float = 0.05  # of the latent
    hears_itself: bool = True  # for ablations: the mixture
    hears_ear: bool = True  # and the pretrained ear
    hears_side: bool = True
    hears_kinds: bool = True  # what the mixture is
    gated: bool = True  # masks by presence

    @property
    def lines_per_band(self) -> int:
        return self.lines // self.bands

    def sized(self, channels: int) -> StemSeparatorConfig:
        """The same in another width; all else in proportion."""
        return replace(self, width=channels, across=max(1, round(0.3 * channels)), latent_width=2 * channels)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Heard:
    """Masks [B, 3, T, N] that sum to 1 over the stems; presence of the stems as logits [B, T / P, 3]."""

    masks: Tensor
    log_masks: Tensor
    presence: Tensor


def sharpened(log_masks: Tensor) -> Tensor:
    """Masks [B, 3, T, N] as they are used: nearer to all or nothing than they were trained to be.

    Trained masks keep a share of what is doubtful in every stem, and no gain can then tell the stems apart.
    """
    return (SHARPNESS * log_masks).softmax(dim=1)


def line_features(power: Tensor, config: StemSeparatorConfig) -> Tensor:
    """Mean powers of lines [B, 4, T, N] (mixture, ear, rest, side) to features [B, 4, T, N], about −2 … 2.

    Ears and dynamics are logarithmic; −60 dB below programme level is as good as nothing.
    """
    mixture, ear, rest, side = power.unbind(1)
    least = 1e-4 * mixture + 1e-8
    own = torch.log10(mixture + 1e-6) / 2 + 1
    told = torch.log10(ear + 1e-6) / 2 + 1
    trust = torch.log((ear + least) / (rest + least)) / 4
    wide = torch.log((side + least) / (mixture + least)) / 4
    kept = (config.hears_itself, config.hears_ear, config.hears_ear, config.hears_side)
    return torch.stack(
        [x if keep else torch.zeros_like(x) for x, keep in zip((own, told, trust, wide), kept, strict=True)], 1
    )


def neighbours(x: Tensor, weight: Tensor, dilation: int) -> Tensor:
    """Depth-wise convolution over time as three shifted products: x [B, T, …], weight [3, …]."""
    pad = [0, 0] * (x.dim() - 2) + [dilation, dilation]
    padded = F.pad(x, pad)
    steps = x.shape[1]
    return padded[:, :steps] * weight[0] + x * weight[1] + padded[:, 2 * dilation : 2 * dilation + steps] * weight[2]


def shifted(x: Tensor, dilation: int) -> Tensor:
    """A quarter of the channels from earlier, a quarter from later, half as they are: x [B, T, …, D]."""
    quarter, steps = x.shape[-1] // 4, x.shape[1]
    beside = [0, 0] * (x.dim() - 2)
    earlier = F.pad(x[..., :quarter], [*beside, dilation, 0])[:, :steps]
    later = F.pad(x[..., quarter : 2 * quarter], [*beside, 0, dilation])[:, dilation:]
    return torch.cat([earlier, later, x[..., 2 * quarter :]], dim=-1)


class PerBand(nn.Module):
    """A linear layer for each band, [B, T, K, I] to [B, T, K, O]."""

    def __init__(self, bands: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(bands, inputs, outputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(bands, outputs))

    def forward(self, x: Tensor) -> Tensor:
        B, T, K, _ = x.shape
        made = torch.bmm(x.flatten(0, 1).transpose(0, 1), self.weight).transpose(0, 1)
        return made.reshape(B, T, K, -1) + self.bias


class TimeAttention(nn.Module):
    """Self-attention over the tokens of a window, [B, T, R], without positions: the convolutions tell order."""

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


class AlongTime(nn.Module):
    """Each band by itself, [B, T, K, D] to the same: a look at tokens before and after, then a gated layer."""

    def __init__(self, config: StemSeparatorConfig, dilation: int) -> None:
        super().__init__()
        D = config.width
        self.dilation = dilation
        self.norm = nn.LayerNorm(D)
        self.inner, self.outer = nn.Linear(D, 4 * D), nn.Linear(2 * D, D)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.inner(shifted(self.norm(x), self.dilation)).chunk(2, dim=-1)
        return self.outer(F.relu(a) * b)


class AcrossBands(nn.Module):
    """Each token by itself, [B, T, K, D] to the same: in each of S channels every band hears every other."""

    def __init__(self, config: StemSeparatorConfig) -> None:
        super().__init__()
        K, D, S = config.bands, config.width, config.across
        self.norm = nn.LayerNorm(D)
        self.inner, self.outer = nn.Linear(D, S), nn.Linear(S, D)
        self.matrices = nn.Parameter(torch.randn(S, K, K) / K**0.5)

    def forward(self, x: Tensor) -> Tensor:
        B, T = x.shape[:2]
        channels = F.relu(self.inner(self.norm(x))).permute(3, 0, 1, 2).flatten(1, 2)  # [S, BT, K]
        mixed = torch.bmm(channels, self.matrices).unflatten(1, (B, T)).permute(1, 2, 3, 0)  # [B, T, K, S]
        return self.outer(F.relu(mixed))


class AsAWhole(nn.Module):
    """All bands through one latent, [B, T, K, D] to the same: a dilated convolution, and attention over the window."""

    def __init__(self, config: StemSeparatorConfig, dilation: int, *, attends: bool) -> None:
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
        latent = F.relu(neighbours(latent, self.taps, self.dilation))
        if self.attention is not None:
            latent = self.attention(latent)
        return self.outer(self.dropout(latent)).unflatten(-1, x.shape[2:])


class SeparatorBlock(nn.Module):
    """The three looks, one after another; [B, T, K, D] to the same."""

    def __init__(self, config: StemSeparatorConfig, index: int) -> None:
        super().__init__()
        dilation = 2 ** (index % 6)
        self.along_time = AlongTime(config, dilation)
        self.across_bands = AcrossBands(config)
        self.as_a_whole = AsAWhole(config, dilation, attends=(index + 1) % config.attention_every == 0)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.along_time(x)
        x = x + self.across_bands(x)
        return x + self.as_a_whole(x)


class Presence(nn.Module):
    """Logits of "this stem is heard now" from all bands, [B, T, K · D] to [B, T, 3]; the window's mean is heard beside."""

    def __init__(self, config: StemSeparatorConfig, hidden: int = 64) -> None:
        super().__init__()
        self.inner, self.whole = nn.Linear(config.bands * config.width, hidden), nn.Linear(hidden, hidden)
        self.outer = nn.Linear(hidden, STEM_COUNT)

    def forward(self, x: Tensor) -> Tensor:
        now = F.relu(self.inner(x))
        return self.outer(F.relu(now + self.whole(now.mean(1, keepdim=True))))


class Kinds(nn.Module):
    """What the mixture is, [B, T / P, 1024], to what that says of each band, [B, T / P, K, D]; nothing, to begin with."""

    def __init__(self, config: StemSeparatorConfig) -> None:
        super().__init__()
        self.dropout = nn.Dropout(KINDS_DROPOUT)
        self.inner = nn.Linear(KINDS, KINDS_WIDTH)
        self.outer = nn.Linear(KINDS_WIDTH, config.bands * config.width)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)
        self.bands = config.bands

    def forward(self, kinds: Tensor) -> Tensor:
        return self.outer(F.relu(self.inner(self.dropout(kinds * KINDS_SCALE)))).unflatten(-1, (self.bands, -1))


class StemSeparator(nn.Module):
    """Powers of lines [B, 4, T, N], the voice's activity [B, T] and kinds of sound [B, T, 1024] to masks and presence.

    T is a multiple of P.
    """

    def __init__(self, config: StemSeparatorConfig) -> None:
        super().__init__()
        self.config = config
        K, D, tile = config.bands, config.width, config.steps_per_token * config.lines_per_band
        self.split = PerBand(K, FEATURES * tile, D)
        self.voice = nn.Linear(config.steps_per_token, D)
        self.kinds = Kinds(config) if config.hears_kinds else None
        self.blocks = nn.ModuleList(SeparatorBlock(config, index) for index in range(config.blocks))
        self.norm = nn.LayerNorm(D)
        self.join = PerBand(K, D, (STEM_COUNT + 1) * tile)
        self.presence = Presence(config)
        self.gate = nn.Parameter(FIRST_GATE.clone())
        with torch.no_grad():
            self.join.weight.mul_(0.1)

    def forward(self, power: Tensor, voice: Tensor, kinds: Tensor) -> Heard:
        config = self.config
        features = line_features(power, config)  # [B, 4, T, N]
        x = self.split(self._tiles(features))
        if config.hears_ear:
            x = x + self.voice(voice.unflatten(1, (-1, config.steps_per_token)))[:, :, None]
        if self.kinds is not None:
            x = x + self.kinds(kinds.unflatten(1, (-1, config.steps_per_token)).mean(2))
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        said = self._lines(self.join(x), STEM_COUNT + 1)  # [B, 4, T, N]
        around = (FIRST_TRUST + said[:, 3]) * 4 * features[:, 2]
        logits = torch.cat([said[:, :1] + around[:, None], said[:, 1:3]], dim=1)
        presence = self.presence(x.flatten(2))
        if config.gated:
            there = F.logsigmoid(self.gate[0] * presence + self.gate[1]).transpose(1, 2)  # [B, 3, T / P]
            logits = logits + there.repeat_interleave(config.steps_per_token, dim=2)[..., None]
        log_masks = logits.log_softmax(dim=1)
        return Heard(log_masks.exp(), log_masks, presence)

    def _tiles(self, x: Tensor) -> Tensor:
        """[B, C, T, N] to [B, T / P, K, C · P · N / K]."""
        B, C, T, _ = x.shape
        P, K = self.config.steps_per_token, self.config.bands
        return x.reshape(B, C, T // P, P, K, -1).permute(0, 2, 4, 1, 3, 5).flatten(3)

    def _lines(self, x: Tensor, channels: int) -> Tensor:
        """[B, T / P, K, C · P · N / K] to [B, C, T, N]."""
        B, T, K, _ = x.shape
        P = self.config.steps_per_token
        return x.reshape(B, T, K, channels, P, -1).permute(0, 3, 1, 4, 2, 5).reshape(B, channels, T * P, -1)
