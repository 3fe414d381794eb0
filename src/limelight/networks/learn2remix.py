"""Learn2Remix, the baseline on a Conv-TasNet.

Conv-TasNet: stems out of a mixture by masks on a learnt transform, with convolutions over seconds in between.

From Luo and Mesgarani, "Conv-TasNet" (2019, arXiv 1809.07454), its best non-causal setting, B = 128:

    w = U x                    windows of 2 ms, half overlapped, to N = 4 B numbers; linear, no bias
    m = sigmoid(S(norm w))     S: 1×1 to B channels, 3 rounds of 8 blocks, dilated 1, 2, 4 … 128; the skips' sum to K N
    ŝ_k = V (m_k · w)          V: linear, back to a waveform

    block   x → 1×1 (H = 4 B) → PReLU → norm → depth-wise conv, 3 taps → PReLU → norm ─┬→ 1×1 → + x
                                                                                       └→ 1×1 → the skips' sum

A norm runs over all channels and all of time (the paper's gLN). With 2 stems of 8 kHz it has 5.1 M parameters, as in the
paper's table II.

Ours differs in two things. What the stems' sum lacks of the mixture is shared out among them evenly (mixture consistency,
Wisdom et al., 2019): the stems sum to the mixture, as those of Muddy Mix do. The last block has no way on, only its skip:
what is not heard cannot learn. The window is kept at 2 ms, hence 88 samples at 44.1 kHz where the paper has 16 at 8 kHz.

`learn2remix`: a Conv-TasNet that remixes end to end, from sound alone.

After Yang, Firodiya, Bryan and Kim, "Don't Separate, Learn to Remix" (ICASSP 2022, arXiv 2107.13634). Theirs is told by its
user how much louder each source shall be, up to ±12 dB, and learns to separate and to remix together (the joint loss,
training/joint_loss.py). Here nobody tells: the network has to hear what is wrong. So the gains are its own output,

    ŝ_k = Conv-TasNet(x)                                           stems that sum to the mixture
    g_k = 24 dB · tanh( MLP( mean over time of the latent, level of each ŝ_k ) )      one a stem, for the whole stretch
    output = x + Σ_k (10^(g_k/20) − 1) · ŝ_k

A latent that was normed knows nothing of levels, hence these are told. One gain for the whole stretch is what the papers'
mixtures were spoilt with; 24 dB are twice the most that a stem was moved by. The last layer of the MLP starts at zero: an
untrained network returns its input, exactly, and silence always stays silence.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limelight.networks.dual_unet import Prescription, StftFrames
from limelight.networks.remixer import RemixNetwork

ROUNDS = 3  # R
BLOCKS = 8  # X, in a round
TAPS = 3  # P
EXPANSION = 4  # N and H over B
EPSILON = 1e-8  # under the square of what is normed, so that quiet mixtures are heard like loud ones


@dataclass(frozen=True)
class ConvTasNetConfig(StftFrames):
    """Size of the network: `channels` is the dial. The frames of the STFT serve those who run it, not itself."""

    channels: int = 128  # B
    window: int = 88  # L, samples, even
    stems: int = 3  # K
    sample_rate: int = 44_100  # Hz

    def __post_init__(self) -> None:
        if self.channels < 1 or self.stems < 1 or self.window < 2 or self.window % 2:
            raise ValueError(
                f"a Conv-TasNet has at least one channel, one stem and an even window, got {self.channels}, "
                f"{self.stems} and {self.window}"
            )

    @property
    def stride(self) -> int:
        return self.window // 2

    @property
    def wide(self) -> int:
        """N numbers a window, and H channels inside a block."""
        return EXPANSION * self.channels


@dataclass(frozen=True)
class Separated:
    """What the network makes of a mixture."""

    stems: Tensor  # [B, K, N], they sum to the mixture
    latent: Tensor  # what the masks were made of, [B, C, T]


class ConvTasNet(nn.Module):
    """Mixture [B, N], of any length, to stems [B, K, N]."""

    def __init__(self, config: ConvTasNetConfig) -> None:
        super().__init__()
        self.config = config
        channels, wide = config.channels, config.wide
        self.encoder = nn.Conv1d(1, wide, config.window, config.stride, bias=False)
        self.decoder = nn.ConvTranspose1d(wide, 1, config.window, config.stride, bias=False)
        self.narrow = nn.Sequential(norm(wide), nn.Conv1d(wide, channels, 1))
        count = ROUNDS * BLOCKS
        self.blocks = nn.ModuleList(
            DilatedBlock(channels, wide, 2 ** (i % BLOCKS), last=i == count - 1) for i in range(count)
        )
        self.masks = nn.Sequential(nn.PReLU(), nn.Conv1d(channels, config.stems * wide, 1), nn.Sigmoid())

    def forward(self, mixture: Tensor) -> Separated:
        samples = mixture.shape[1]
        features = self.encoder(self._windowed(mixture)[:, None])  # [B, N, T]
        latent = self._heard(features)
        masks = self.masks(latent).unflatten(1, (self.config.stems, -1))  # [B, K, N, T]
        stems = self.decoder((masks * features[:, None]).flatten(0, 1)).unflatten(0, (-1, self.config.stems))
        inside = slice(self.config.stride, self.config.stride + samples)
        return Separated(consistent(stems[:, :, 0, inside], mixture), latent)

    def _windowed(self, mixture: Tensor) -> Tensor:
        """Silence before and behind, so that every sample lies in two windows."""
        stride = self.config.stride
        return F.pad(mixture, (stride, stride + -mixture.shape[1] % stride))

    def _heard(self, features: Tensor) -> Tensor:
        """The sum of all blocks' skips, [B, C, T]."""
        x = self.narrow(features)
        heard = torch.zeros_like(x)
        for block in self.blocks:
            skip, x = block(x)
            heard = heard + skip
        return heard


class DilatedBlock(nn.Module):
    """[B, C, T] to what was heard in it, and to what the next block is given, both [B, C, T]."""

    def __init__(self, channels: int, wide: int, dilation: int, *, last: bool = False) -> None:
        """`last`: the end of the network, with no way onwards."""
        super().__init__()
        reach = dilation * (TAPS - 1) // 2
        self.inner = nn.Sequential(
            nn.Conv1d(channels, wide, 1),
            nn.PReLU(),
            norm(wide),
            nn.Conv1d(wide, wide, TAPS, padding=reach, dilation=dilation, groups=wide),
            nn.PReLU(),
            norm(wide),
        )
        self.skip = nn.Conv1d(wide, channels, 1)
        self.onwards = None if last else nn.Conv1d(wide, channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        inner = self.inner(x)
        return self.skip(inner), x if self.onwards is None else x + self.onwards(inner)


def norm(channels: int) -> nn.Module:
    """gLN: zero mean and unit variance over channels and time, then a learnt scale and shift a channel."""
    return nn.GroupNorm(1, channels, eps=EPSILON)


def consistent(stems: Tensor, mixture: Tensor) -> Tensor:
    """Stems [B, K, N] with what their sum lacks of the mixture [B, N], shared out evenly."""
    missing = mixture - stems.sum(1)
    return stems + missing[:, None] / stems.shape[1]


LARGEST_GAIN_DB = 24.0
PROGRAMME_DB = -30.0  # about where a stem's level lies, and
LEVEL_SPREAD_DB = 15.0  # how far they lie apart
SILENCE = 1e-7  # power


@dataclass(frozen=True)
class Learn2RemixConfig:
    """Everything that is needed to build the model again; travels in the checkpoint."""

    backbone: ConvTasNetConfig = field(default_factory=ConvTasNetConfig)
    context_width: int = 0  # it hears, and sees nothing

    def __post_init__(self) -> None:
        if self.context_width:
            raise ValueError(f"learn2remix works from sound alone (context_width 0), got {self.context_width}")

    def sized(self, channels: int) -> Learn2RemixConfig:
        """The same network at another width; the papers' is 128."""
        return replace(self, backbone=replace(self.backbone, channels=channels))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Learn2RemixConfig:
        return cls(**(values | {"backbone": ConvTasNetConfig(**values["backbone"])}))


@dataclass(frozen=True)
class Remix:
    """A mixture taken apart and put together again."""

    mixture: Tensor  # [B, N]
    stems: Tensor  # [B, K, N], they sum to the mixture
    gains_db: Tensor  # [B, K]

    @property
    def change(self) -> Tensor:
        """What is added to the mixture, [B, N]; gains of zero add nothing, exactly."""
        return torch.einsum("bk,bkn->bn", 10 ** (self.gains_db / 20) - 1, self.stems)

    @property
    def output(self) -> Tensor:
        return self.mixture + self.change


class Learn2Remix(RemixNetwork):
    """Mixture [B, N] to output [B, N], of any length."""

    def __init__(self, config: Learn2RemixConfig) -> None:
        super().__init__()
        self.config: Learn2RemixConfig = config
        self.backbone = ConvTasNet(config.backbone)
        self.gains = Gains(config.backbone)

    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """Raises ValueError if given a context."""
        _no(context)
        return self.remix(mixture).output

    def remix(self, mixture: Tensor) -> Remix:
        """The output's parts, for a loss that wants them."""
        separated = self.backbone(mixture)
        return Remix(mixture, separated.stems, self.gains(separated))

    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        """|X| [B, F, T] and mixture [B, N] to a mask of ones and the change as a waveform."""
        _no(context)
        ones = 0 * magnitude + 1  # not a constant: an exported graph keeps only inputs that it uses
        return Prescription(ones, self.remix(mixture).change)


class Gains(nn.Module):
    """How much louder each stem shall be: gains [B, K] in dB, zero at first."""

    def __init__(self, config: ConvTasNetConfig) -> None:
        super().__init__()
        self.hidden_layer = nn.Linear(config.channels + config.stems, config.channels)
        self.activation = nn.PReLU()
        self.out = nn.Linear(config.channels, config.stems)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, separated: Separated) -> Tensor:
        heard = torch.cat([separated.latent.mean(2), levels(separated.stems)], dim=1)
        x = self.out(self.activation(self.hidden_layer(heard)))
        return LARGEST_GAIN_DB * torch.tanh(x)


def levels(stems: Tensor) -> Tensor:
    """Level of each stem [B, K, N] in the whole stretch, [B, K], near ±1; silence is −2⅔."""
    level_db = 10 * torch.log10(stems.square().mean(2) + SILENCE)
    return (level_db - PROGRAMME_DB) / LEVEL_SPREAD_DB


def _no(context: Tensor | None) -> None:
    if context is not None:
        raise ValueError("learn2remix works from sound alone (context_width 0) but got a context")
