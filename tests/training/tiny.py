"""A tiny model and a batch that it can learn: three stems that live in three bands and take turns."""

from __future__ import annotations

import numpy as np
import torch
from networks.tiny import LITE
from torch import Tensor

from limelight.networks.lite import k_weights, mean_square
from limelight.networks.lite_spectra import waveform_spectra
from limelight.training.lite import LiteTask

RATE = LITE.backbone.sample_rate
LENGTH = 96 * LITE.hop  # 0.26 s, 24 tokens
BANDS_HZ = ((200, 2_500), (3_500, 7_000), (9_000, 20_000))


def stems(batch: int = 2, seed: int = 0, length: int = LENGTH) -> Tensor:
    """Noise in three bands at about −27, −32 and −36 dB, [B, K, N]; gated, so that each is alone now and then."""
    rng = np.random.default_rng(seed)
    out = np.zeros((batch, 3, length), np.float32)
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    for b in range(batch):
        for k, (low, high) in enumerate(BANDS_HZ):
            spectrum = np.fft.rfft(rng.standard_normal(length)) * ((hertz >= low) & (hertz < high))
            sound = np.fft.irfft(spectrum, length)
            gate = np.repeat(rng.uniform(size=8) < 0.7, length // 8)
            sound *= gate if gate.any() else 1
            out[b, k] = sound / sound.std() * 10 ** (-(27, 32, 36)[k] / 20)
    return torch.from_numpy(out)


def batch(size: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """As the loader gives it; the loudest stem came down, in every third example none did."""
    degradation = torch.tensor([[-6.0, 6.0, 6.0], [-9.0, 9.0, 9.0], [0.0, 0.0, 0.0]])[torch.arange(size) % 3]
    lines = LITE.backbone.lines()
    good = waveform_spectra(stems(size, seed), LITE)[:, :, : LENGTH // LITE.hop]
    spoilt = good * (10 ** (degradation / 20))[:, :, None, None]
    weights = k_weights(LITE)

    def power(spectra: Tensor) -> Tensor:
        return lines.sums(spectra.abs().square())

    def loudness(spectra: Tensor) -> Tensor:
        return (mean_square(spectra.abs().square(), LITE) * weights).sum(-1).mean(-1)

    kept = loudness(spoilt.sum(1)) / loudness(good.sum(1))  # [B]
    return {
        "mixture": power(spoilt.sum(1)),
        "stems": power(spoilt),
        "target": power(good.sum(1)) * kept[:, None, None],
        "gains_db": 10 * torch.log10(kept)[:, None] - degradation,
        "audible": torch.ones(size, 3),
        "good": (degradation == 0).all(1).float(),
    }


def tiny_task(seed: int = 0) -> LiteTask:
    torch.manual_seed(seed)
    return LiteTask(LITE)
