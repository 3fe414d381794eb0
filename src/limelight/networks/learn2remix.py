"""`learn2remix`: a Conv-TasNet that remixes end to end, from sound alone.

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

from limelight.networks.conv_tasnet import ConvTasNet, ConvTasNetConfig, Separated
from limelight.networks.dual_unet import Prescription
from limelight.networks.remixer import Remixer

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


class Learn2Remix(Remixer):
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
