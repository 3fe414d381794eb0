"""`lite`, Limelight's own model: what is heard is three stems, three gains, one sum.

    output = iSTFT( Σ_k 10^(g_k(t)/20) · M_k(t, f) · X(t, f) )

It is two networks, so that a mix plan can be rendered again without the picture:
the *separator* hears (magnitudes → masks M_k that sum to 1, and a latent of the sound);
the *director* decides (latent, stem levels, cues → gains g_k in dB).
The gains start at zero, hence an untrained model returns its input, and no picture can change that.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from limelight.dsp.k_weighting import k_weight_response
from limelight.networks.band import BandBackbone, BandConfig, BandJoin
from limelight.networks.highlighter import Highlighter, HighlighterConfig

STEM_COUNT = 3


@dataclass(frozen=True)
class LiteConfig:
    """Everything that is needed to build the model again; travels in the checkpoint."""

    backbone: BandConfig = field(default_factory=BandConfig)
    highlighter: HighlighterConfig = field(default_factory=HighlighterConfig)
    hop: int = 1024
    steps_per_token: int = 4  # the director thinks in tokens of 4 · 1024 / 48000 = 85 ms
    largest_gain_db: float = 20.0

    @property
    def token_seconds(self) -> float:
        return self.steps_per_token * self.hop / self.backbone.sample_rate

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LiteConfig:
        rest = {k: v for k, v in values.items() if k not in ("backbone", "highlighter")}
        return cls(
            backbone=BandConfig(**values["backbone"]), highlighter=HighlighterConfig(**values["highlighter"]), **rest
        )


class Separator(nn.Module):
    """Magnitudes [B, T, F] to masks [B, K, T, F] that sum to 1 over K, and the latent [B, L, R], L = T / steps_per_token."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        band = config.backbone
        self.steps_per_token = config.steps_per_token
        self.backbone = BandBackbone(band)
        self.masks = BandJoin(band, STEM_COUNT)
        self.latent = nn.Linear(band.bands * band.width, config.highlighter.latent_width)

    def forward(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        x = self.backbone(magnitude)
        masks = self.masks(x).softmax(dim=2).transpose(1, 2)
        latent = self.latent(x.flatten(2)).unflatten(1, (-1, self.steps_per_token)).mean(2)
        return masks, latent


class Director(nn.Module):
    """Latent [B, L, R], stem levels in dB [B, L, K] and cues [B, M, D] to gains in dB [B, L, K].

    The levels are told rather than left to be guessed: balance is about levels. They reach the network as they are now
    and as their mean over the window.
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        width = config.highlighter.latent_width
        self.largest_gain_db = config.largest_gain_db
        self.levels_in = nn.Linear(4 * STEM_COUNT, width)
        self.highlighter = Highlighter(config.highlighter)
        self.norm = nn.LayerNorm(width)
        self.hidden_layer = nn.Linear(width, width)
        self.gains = nn.Linear(width, STEM_COUNT)
        nn.init.zeros_(self.gains.weight)
        nn.init.zeros_(self.gains.bias)

    def forward(
        self,
        latent: Tensor,
        levels_db: Tensor,
        latent_seconds: Tensor,
        cues: Tensor,
        cue_seconds: Tensor,
        hidden: Tensor,
    ) -> Tensor:
        latent = latent + self.levels_in(level_features(levels_db))
        latent = self.highlighter(latent, latent_seconds, cues, cue_seconds, hidden)
        x = torch.nn.functional.gelu(self.hidden_layer(self.norm(latent)), approximate="tanh")
        # A third of the way is a third of the largest gain: units near one are quicker learnt than decibels.
        return self.largest_gain_db * torch.tanh(self.gains(x) / 3)


def level_features(levels_db: Tensor) -> Tensor:
    """What a mixing engineer would read off three meters: [B, L, K] in dB to [B, L, 4 K], about −2 … 2.

    Now; the window's mean power; its loudest moment; and how each stem stands to the other two together.
    """
    power = 10 ** (levels_db / 10)
    mean_db = 10 * torch.log10(power.mean(1, keepdim=True) + 1e-7)
    others_db = 10 * torch.log10((power.sum(2, keepdim=True) - power).mean(1, keepdim=True).clamp(min=0) + 1e-7)
    parts = [levels_db, mean_db.expand_as(levels_db), levels_db.amax(1, keepdim=True).expand_as(levels_db)]
    parts = [(part + 35) / 20 for part in parts] + [((mean_db - others_db) / 20).expand_as(levels_db)]
    return torch.cat(parts, dim=-1)


class Lite(nn.Module):
    """Separator and director in one, as they are trained."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.config = config
        self.separator = Separator(config)
        self.director = Director(config)


def sqrt_hann(n_fft: int, device: torch.device | None = None) -> Tensor:
    """Window of analysis and of synthesis: their product sums to one at half overlap."""
    return torch.hann_window(n_fft, periodic=True, device=device).sqrt()


def k_weights(config: LiteConfig) -> Tensor:
    """BS.1770's weighting of power per bin, [F]."""
    hertz = np.arange(config.backbone.bins) * config.backbone.sample_rate / config.backbone.n_fft
    return torch.from_numpy(k_weight_response(hertz)).float()


def mean_square(power: Tensor, config: LiteConfig) -> Tensor:
    """One-sided |STFT|² to mean square per bin: their sum over bins is the mean square of the windowed signal."""
    n_fft = config.backbone.n_fft
    return 2 * power / (n_fft * n_fft / 2)  # Σ window² = n_fft / 2


def token_levels_db(masks: Tensor, magnitude: Tensor, weights: Tensor, config: LiteConfig) -> Tensor:
    """Loudness of each masked stem per token, as the director is told it: [B, K, T, F], [B, T, F] to [B, L, K] in LUFS."""
    return power_levels_db((masks * magnitude[:, None]).square(), weights, config)


def power_levels_db(stem_power: Tensor, weights: Tensor, config: LiteConfig) -> Tensor:
    """Loudness of stems per token, |S|² [B, K, T, F] to [B, L, K] in LUFS; silence is −70.7."""
    power = (mean_square(stem_power, config) * weights).sum(-1)  # [B, K, T]
    power = power.unflatten(-1, (-1, config.steps_per_token)).mean(-1)
    return (-0.691 + 10 * torch.log10(power + 1e-7)).transpose(1, 2)
