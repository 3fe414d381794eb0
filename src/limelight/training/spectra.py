"""From drawn stems to what the network sees: spectra of the spoilt mix, of its stems, and of the good mix."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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


def prepare(stems: Tensor, degradation_db: Tensor, level_db: Tensor, config: LiteConfig) -> Spectra:
    """Stems of the good mix [B, K, N] and the gains that spoil it [B, K] to one batch of spectra.

    `level_db` [B]: how far from the programme level this mix lies. A film is heard at one level as a whole, its passages
    are not. The number of steps is cut to whole tokens of the director.
    """
    good = waveform_spectra(stems, config)
    good = good[:, :, : good.shape[2] // config.steps_per_token * config.steps_per_token]
    spoilt = good * (10 ** (degradation_db / 20))[:, :, None, None]
    weights = k_weights(config).to(stems.device)
    input_lufs = lufs(spoilt.sum(1), weights, config)
    scale = 10 ** ((PROGRAMME_LUFS + level_db - input_lufs).clamp(-40, 40) / 20)
    level_kept = input_lufs - lufs(good.sum(1), weights, config)
    audible = (lufs(good, weights, config) > SILENT_LUFS).float()
    gains_db = (level_kept[:, None] - degradation_db).clamp(-25, 25) * audible
    spoilt = spoilt * scale[:, None, None, None]
    return Spectra(spoilt.sum(1), spoilt, gains_db, audible)


def lufs(spectra: Tensor, weights: Tensor, config: LiteConfig) -> Tensor:
    """Ungated loudness of […, T, F], […]."""
    power = (mean_square(spectra.abs().square(), config) * weights).sum(-1).mean(-1)
    return -0.691 + 10 * torch.log10(power + 1e-8)
