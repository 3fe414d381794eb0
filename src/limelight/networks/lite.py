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
PROGRAMME_LUFS = -27.0  # the level at which the model hears every film


@dataclass(frozen=True)
class LiteConfig:
    """Everything that is needed to build the model again; travels in the checkpoint."""

    backbone: BandConfig = field(default_factory=BandConfig)
    highlighter: HighlighterConfig = field(default_factory=HighlighterConfig)
    hop: int = 1024
    steps_per_token: int = 4  # the director thinks in tokens of 4 · 1024 / 48000 = 85 ms
    largest_gain_db: float = 30.0
    doubt_db: float = 2.0  # gains up to this are left alone, once trained
    stretch: float = 1.4  # of what lies beyond
    lift_db: float = 6.0  # how far a moment may come up

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
    """Magnitudes [B, T, F] to masks [B, K, T, F] that sum to 1 over K, and the latent [B, L, R], L = T / steps_per_token.

    It thinks in lines (`of_lines`); bins are what it is given and what it gives.
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        band = config.backbone
        self.steps_per_token = config.steps_per_token
        self.lines = band.lines()
        self.backbone = BandBackbone(band)
        self.masks = BandJoin(band, STEM_COUNT)
        self.latent = nn.Linear(band.bands * band.width, config.highlighter.latent_width)

    def forward(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        masks, latent = self.of_lines(self.lines.sums(magnitude.square()))
        return self.lines.of_bins(masks), latent

    def of_lines(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Powers of lines [B, T, N] to masks [B, K, T, N] and the latent."""
        x = self.backbone(power / self.lines.widths)
        masks = self.masks(x).softmax(dim=2).transpose(1, 2)
        latent = self.latent(x.flatten(2)).unflatten(1, (-1, self.steps_per_token)).mean(2)
        return masks, latent


class Director(nn.Module):
    """Latent [B, L, R], stem levels in dB [B, L, 2 K] and cues [B, M, D] to gains in dB [B, L, K].

    The levels are told rather than left to be guessed: balance is about levels. Each stem's is told twice (`stem_levels_db`):
    as the masks cut it out, and as they share out the power. How far the two lie apart says how sure the masks are.
    The gains leave the loudness of the window as it is: how loud a film shall be is another question than its balance.
    In use, unlike in training, small gains are left out (`beyond_doubt`), and no moment comes up by much (`lift_limited`).
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        width = config.highlighter.latent_width
        self.config = config
        self.latent_in = nn.LayerNorm(width)
        self.levels_in = nn.Linear(8 * STEM_COUNT, width)
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
        latent = self.latent_in(latent) + self.levels_in(level_features(levels_db))
        latent = self.highlighter(latent, latent_seconds, cues, cue_seconds, hidden)
        x = torch.nn.functional.gelu(self.hidden_layer(self.norm(latent)), approximate="tanh")
        # A third of the way is a third of the largest gain: units near one are quicker learnt than decibels.
        gains_db = self.config.largest_gain_db * torch.tanh(self.gains(x) / 3)
        levels_db = levels_db[..., :STEM_COUNT]
        gains_db = level_kept(gains_db, levels_db)
        if self.training:
            return gains_db
        firm = level_kept(beyond_doubt(gains_db, self.config), levels_db)
        return lift_limited(firm, levels_db, self.config)  # last: rather is the window quieter


def level_kept(gains_db: Tensor, levels_db: Tensor) -> Tensor:
    """Gains [B, L, K] less what they would add to the power of stems of these levels [B, L, K] in the whole window."""
    power = 10 ** (levels_db / 10)
    lift = (power * 10 ** (gains_db / 10)).sum((1, 2)) / power.sum((1, 2))
    return gains_db - 10 * torch.log10(lift)[:, None, None]


def beyond_doubt(gains_db: Tensor, config: LiteConfig) -> Tensor:
    """Nothing where a gain is small, and what lies beyond stretched: ±g to ±stretch · max(0, g − doubt_db).

    A network that minimises a distance proposes small gains where it does not know, and too small ones where it does.
    On validation this takes a quarter of the harm to good mixes for a fortieth of the help (EXPERIMENTS.md).
    """
    return config.stretch * torch.sign(gains_db) * (gains_db.abs() - config.doubt_db).clamp(min=0)


def lift_limited(gains_db: Tensor, levels_db: Tensor, config: LiteConfig) -> Tensor:
    """Gains [B, L, K] of stems of these levels [B, L, K], less what would lift any moment by more than `lift_db`.

    The window's loudness says nothing of its quiet moments: soft music behind a crash could come up by 14 dB, because it
    is music, and the film's quiet end with it. All stems go down alike, so the balance stays.
    """
    return gains_db - (lift_of(gains_db, 10 ** (levels_db / 10)) - config.lift_db).clamp(min=0)


def lift_of(gains_db: Tensor, power: Tensor) -> Tensor:
    """By how much gains [B, L, K] make stems of these powers [B, L, K] louder together, dB, [B, L, 1]."""
    return 10 * torch.log10((power * 10 ** (gains_db / 10)).sum(-1, keepdim=True) / power.sum(-1, keepdim=True))


def level_features(levels_db: Tensor) -> Tensor:
    """What a mixing engineer would read off six meters: [B, L, 2 K] in dB to [B, L, 8 K], about −2 … 2.

    Both levels now, their mean power over the window and their loudest moment; and, over the window, how each stem stands
    to the whole and how sure its mask is.
    """
    power = 10 ** (levels_db / 10)
    mean_db = 10 * torch.log10(power.mean(1, keepdim=True))
    cut, shared = mean_db.chunk(2, dim=-1)
    whole_db = 10 * torch.log10((10 ** (shared / 10)).sum(2, keepdim=True))
    absolute = [levels_db, mean_db, levels_db.amax(1, keepdim=True)]
    relative = [(shared - whole_db) / 10, (cut - shared) / 5]
    parts = [(part + 35) / 20 for part in absolute] + relative
    return torch.cat([part.expand(-1, levels_db.shape[1], -1) for part in parts], dim=-1)


@dataclass(frozen=True)
class Rebalanced:
    """What the model makes of a mixture."""

    masks: Tensor  # [B, K, T, N]
    gains_db: Tensor  # [B, L, K]


class Lite(nn.Module):
    """Separator and director in one, as they are trained."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.config = config
        self.separator = Separator(config)
        self.director = Director(config)
        self.k: Tensor
        lines = self.separator.lines
        self.register_buffer("k", lines.means(k_weights(config).to(lines.widths)), persistent=False)  # [N]

    def rebalance(self, power: Tensor, cues: Tensor | None = None, hidden: Tensor | None = None) -> Rebalanced:
        """Powers of lines [B, T, N] and cues [B, M, D], a row a second, to masks and gains.

        A row that is `hidden` [B, M] is not seen, nor is one of zeros, which says that there is no picture.
        """
        masks, latent, levels_db = self.hear(power)
        return Rebalanced(masks, self.decide(latent, levels_db, cues, hidden))

    def hear(self, power: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Powers of lines [B, T, N] to masks [B, K, T, N], latent [B, L, R] and the stems' levels [B, L, 2 K]."""
        masks, latent = self.separator.of_lines(power)
        return masks, latent, stem_levels_db(masks, power, self.k, self.config)

    def decide(
        self, latent: Tensor, levels_db: Tensor, cues: Tensor | None = None, hidden: Tensor | None = None
    ) -> Tensor:
        """The gains [B, L, K] for what was heard, latent [B, L, R] and levels [B, L, 2 K]; cues as in `rebalance`."""
        B, L = levels_db.shape[:2]
        if cues is None:
            cues = latent.new_zeros(B, 1, self.config.highlighter.context_width)
        unseen = (cues == 0).all(-1).to(latent)
        unseen = unseen if hidden is None else torch.maximum(unseen, hidden.to(unseen))
        seconds = (torch.arange(L, device=latent.device) * self.config.token_seconds).expand(B, L)
        cue_seconds = (torch.arange(cues.shape[1], device=latent.device) + 0.5).expand(B, -1)
        gains_db: Tensor = self.director(latent, levels_db, seconds, cues, cue_seconds, unseen)
        return gains_db


def remix_mask(rebalanced: Rebalanced, config: LiteConfig) -> Tensor:
    """Σ_k 10^(g_k/20) · M_k, [B, T, N], of gains per token."""
    gains = (10 ** (rebalanced.gains_db / 20)).repeat_interleave(config.steps_per_token, dim=1)  # [B, T, K]
    return torch.einsum("btk,bktn->btn", gains, rebalanced.masks)


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


def loudness_lufs(power: Tensor, weights: Tensor, config: LiteConfig) -> Tensor:
    """Ungated loudness of |X|² [B, T, N], of bins or lines with their k-weights [N], [B]; silence is −120.7."""
    return -0.691 + 10 * torch.log10((mean_square(power, config).mean(1) * weights).sum(-1) + 1e-12)


def stem_levels_db(masks: Tensor, power: Tensor, weights: Tensor, config: LiteConfig) -> Tensor:
    """What the director is told of the stems: [B, K, T, N] and |X|² [B, T, N] to [B, L, 2 K] in LUFS; silence is −70.7.

    First each stem as its mask cuts it out, Σ M²|X|², then its share of the power, Σ M|X|². N are bins or lines.
    """
    weighted = mean_square(power, config) * weights
    both = torch.cat(
        [torch.einsum("bktn,btn->bkt", m, weighted) for m in (masks.square(), masks)], dim=1
    )  # [B, 2 K, T]
    per_token = both.unflatten(-1, (-1, config.steps_per_token)).mean(-1)
    return (-0.691 + 10 * torch.log10(per_token + 1e-7)).transpose(1, 2)
