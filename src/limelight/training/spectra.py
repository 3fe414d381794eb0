"""From drawn stems to what the network sees: spectra of the spoilt mix, of its stems, and of the good mix."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from limelight.networks.lite import LiteConfig, k_weights, mean_square, sqrt_hann

PROGRAMME_LUFS = -27.0  # the level at which the model hears every mix
SILENT_LUFS = -60.0


@dataclass(frozen=True)
class Spectra:
    """One batch. X is the spoilt mix, S its stems; g are the gains that lead from S to the good mix."""

    mixture: Tensor  # X [B, T, F] complex
    stems: Tensor  # S [B, K, T, F] complex, sum to X
    gains_db: Tensor  # [B, K]
    audible: Tensor  # [B, K], 1 where the good mix has this stem

    @property
    def target(self) -> Tensor:
        """The good mix at the input's loudness, [B, T, F]."""
        return (10 ** (self.gains_db / 20)[:, :, None, None] * self.stems).sum(1)


@dataclass(frozen=True)
class Colouring:
    """How often spectra are coloured, so that no stem is known by its recording chain."""

    tilt: float = 0.5
    low_pass_all: float = 0.35
    low_pass_one: float = 0.25
    air: float = 0.5
    level_sigma_db: float = 4.0


def waveform_spectra(x: Tensor, config: LiteConfig) -> Tensor:
    """[…, N] to [B, …, T, F]; frame t is centred at t · hop."""
    n_fft = config.backbone.n_fft
    flat = x.reshape(-1, x.shape[-1])
    spectra = torch.stft(
        flat,
        n_fft,
        config.hop,
        window=sqrt_hann(n_fft, x.device),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    return spectra.transpose(1, 2).reshape(*x.shape[:-1], spectra.shape[2], spectra.shape[1])


def spectra_waveform(spectra: Tensor, config: LiteConfig) -> Tensor:
    """[B, T, F] to [B, N]."""
    n_fft = config.backbone.n_fft
    return torch.istft(spectra.transpose(1, 2), n_fft, config.hop, window=sqrt_hann(n_fft, spectra.device), center=True)


def prepare(
    stems: Tensor, degradation_db: Tensor, generator: torch.Generator, config: LiteConfig, colouring: Colouring | None
) -> Spectra:
    """Stems of the good mix [B, K, N] and the gains that spoil it [B, K] to one batch of spectra.

    The number of steps is cut to whole tokens of the director.
    """
    good = waveform_spectra(stems, config)
    good = good[:, :, : good.shape[2] // config.steps_per_token * config.steps_per_token]
    if colouring:
        good = good * colour_curves(good, generator, config, colouring)[:, :, None]
        good = _with_air(good, generator, config, colouring)
    spoilt = good * (10 ** (degradation_db / 20))[:, :, None, None]
    weights = k_weights(config).to(stems.device)
    jitter = torch.randn(len(stems), generator=generator) * (colouring.level_sigma_db if colouring else 0)
    input_lufs = lufs(spoilt.sum(1), weights, config)
    scale = 10 ** ((PROGRAMME_LUFS + jitter - input_lufs).clamp(-40, 40) / 20)
    level_kept = input_lufs - lufs(good.sum(1), weights, config)
    audible = (lufs(good, weights, config) > SILENT_LUFS).float()
    gains_db = (level_kept[:, None] - degradation_db).clamp(-25, 25) * audible
    spoilt = spoilt * scale[:, None, None, None]
    return Spectra(spoilt.sum(1), spoilt, gains_db, audible)


def lufs(spectra: Tensor, weights: Tensor, config: LiteConfig) -> Tensor:
    """Ungated loudness of […, T, F], […]."""
    power = (mean_square(spectra.abs().square(), config) * weights).sum(-1).mean(-1)
    return -0.691 + 10 * torch.log10(power + 1e-8)


def _chance(share: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return (torch.rand(shape, generator=generator) < share).float()


def colour_curves(stems: Tensor, generator: torch.Generator, config: LiteConfig, colouring: Colouring) -> Tensor:
    """A gain per bin for each stem, [B, K, F]: a smooth random equaliser, and low-passes of one stem or of all."""
    B, K, F_ = stems.shape[0], stems.shape[1], stems.shape[-1]
    points = torch.randn(B * K, 1, 6, generator=generator) * 4.0
    # Six points, equally spaced on a logarithmic axis of frequency.
    place = torch.log2(torch.arange(F_) / 8 + 1) / torch.log2(torch.tensor(F_ / 8 + 1))
    grid = F.interpolate(points, size=256, mode="linear", align_corners=True)[:, 0]
    curve_db = grid[:, (place * 255).long()].reshape(B, K, F_) * _chance(colouring.tilt, (B, K, 1), generator)
    curve = 10 ** (curve_db / 20)
    hertz = torch.arange(F_) * config.backbone.sample_rate / config.backbone.n_fft
    for share, shape in ((colouring.low_pass_one, (B, K, 1)), (colouring.low_pass_all, (B, 1, 1))):
        cutoff = 3500 * (16_000 / 3500) ** torch.rand(shape, generator=generator)
        steep = torch.sigmoid((cutoff - hertz) / 150)
        curve = curve * torch.where(_chance(share, shape, generator) > 0, steep, torch.ones(()))
    return curve


def _with_air(stems: Tensor, generator: torch.Generator, config: LiteConfig, colouring: Colouring) -> Tensor:
    """Gives band-limited speech a top: its 4–8 kHz, copied upwards and falling, for half of the mixtures.

    Without it a network learns "above 8 kHz is never speech" from recordings at 16 kHz.
    """
    per_hertz = config.backbone.n_fft / config.backbone.sample_rate
    low, width = round(4000 * per_hertz), round(4000 * per_hertz)
    B = len(stems)
    fall = 10 ** (-(3 + 9 * torch.rand(B, 1, 1, generator=generator)) / 20)
    chosen = _chance(colouring.air, (B, 1, 1), generator)
    speech = stems[:, 0].clone()
    source = stems[:, 0, :, low : low + width]
    for step in (1, 2, 3):
        first = low + step * width
        room = speech.shape[-1] - first
        speech[:, :, first : first + width] += (source * fall**step * chosen)[..., :room]
    return torch.cat([speech[:, None], stems[:, 1:]], dim=1)
