"""`lite` as a remixing network: a mixture and the picture's cues in, a remix out.

So it can be trained, judged and compared like the papers' networks, on the same clips. What is trained here is the same
separator and director as in the package, and is exported as they are (training/export.py). The mixture is brought to the
programme level before it is heard, as a film is, and the output goes back to where the mixture was.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from limelight.networks.band import BandConfig
from limelight.networks.dual_unet import Prescription, StftFrames
from limelight.networks.highlighter import HighlighterConfig
from limelight.networks.lite import PROGRAMME_LUFS, Lite, LiteConfig, loudness_lufs, remix_mask
from limelight.networks.lite_spectra import spectra_waveform, waveform_spectra
from limelight.networks.remixer import Remixer

CUES = 32  # numbers a second of cues; a network that is shown nothing keeps their place


@dataclass(frozen=True)
class Frames(StftFrames):
    """How those frame the spectrum who run the network by mask and wave; it has its own transform inside."""

    sample_rate: int = 48_000  # Hz


@dataclass(frozen=True)
class LiteRemixerConfig:
    """Everything that is needed to build the model again; travels in the checkpoint."""

    band: BandConfig = field(default_factory=BandConfig)
    context_width: int = CUES  # D; 0: it hears, and sees nothing

    @property
    def lite(self) -> LiteConfig:
        return LiteConfig(self.band, HighlighterConfig(context_width=self.context_width or CUES))

    @property
    def backbone(self) -> Frames:
        return Frames(sample_rate=self.band.sample_rate)

    def sized(self, channels: int) -> LiteRemixerConfig:
        """The same network with bands of another width; the package's is 32."""
        band = replace(
            self.band, width=channels, across=max(1, channels // 2), latent_width=4 * max(1, 3 * channels // 4)
        )
        return replace(self, band=band)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LiteRemixerConfig:
        return cls(**(values | {"band": BandConfig(**values["band"])}))


class LiteRemixer(Remixer):
    """Mixture [B, N] at 48 kHz and cues [B, M, D], one row a second (or none), to output [B, N], of any length."""

    def __init__(self, config: LiteRemixerConfig) -> None:
        super().__init__()
        self.config: LiteRemixerConfig = config
        self.lite = Lite(config.lite)

    def forward(self, mixture: Tensor, context: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """A row of zeros is no picture, and so is one that is `hidden` [B, M]."""
        config = self.lite.config
        spectra = waveform_spectra(whole_tokens(mixture, config), config)
        power = self.lite.separator.lines.sums(torch.view_as_real(spectra).square().sum(-1))
        level = 10 ** ((PROGRAMME_LUFS - loudness_lufs(power, self.lite.k, config)) / 10)  # [B]
        rebalanced = self.lite.rebalance(power * level[:, None, None], context, hidden)
        mask = self.lite.separator.lines.of_bins(remix_mask(rebalanced, config))
        return spectra_waveform(spectra * mask, mixture.shape[-1], config)

    def prescribe(self, magnitude: Tensor, mixture: Tensor, context: Tensor | None = None) -> Prescription:
        """|X| [B, F, T] and mixture [B, N] to a mask of ones and the change as a waveform."""
        return Prescription(torch.ones_like(magnitude), self(mixture, context) - mixture)


def whole_tokens(mixture: Tensor, config: LiteConfig) -> Tensor:
    """[B, N] with silence behind, so that its frames make whole tokens."""
    frames = 1 + -(-mixture.shape[-1] // config.hop)
    frames += -frames % config.steps_per_token
    return F.pad(mixture, (0, (frames - 1) * config.hop - mixture.shape[-1]))
