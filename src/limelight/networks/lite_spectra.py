"""Waveforms to the spectra that `lite` hears, and back."""

from __future__ import annotations

import torch
from torch import Tensor

from limelight.networks.lite import LiteConfig, sqrt_hann


def waveform_spectra(x: Tensor, config: LiteConfig) -> Tensor:
    """[…, N] to [..., T, F], T = 1 + ⌊N / hop⌋; frame t is centred at t · hop."""
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


def spectra_waveform(spectra: Tensor, samples: int, config: LiteConfig) -> Tensor:
    """The inverse, [B, T, F] to [B, N]."""
    n_fft = config.backbone.n_fft
    return torch.istft(
        spectra.transpose(1, 2), n_fft, config.hop, window=sqrt_hann(n_fft, spectra.device), length=samples
    )
