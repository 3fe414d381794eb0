from __future__ import annotations

import numpy as np
import pytest
from audio.sounds import noise

from limelight.audio.stft import StftConfig, mirrored_istft, mirrored_stft

CONFIGS = [StftConfig(4096, 1024), StftConfig(256, 64), StftConfig(64, 32)]


def slow(length: int) -> np.ndarray:
    """Tones so slow that, mirrored too, they have next to nothing in the bin that is dropped, [2, N]."""
    times = np.arange(length) / length
    return np.stack([np.cos(3 * np.pi * times), 0.5 + 0.5 * np.cos(8 * np.pi * times)]).astype(np.float32)


def naive(samples: np.ndarray, config: StftConfig) -> np.ndarray:
    """The definition, frame by frame and by a DFT matrix."""
    n = np.arange(config.n_fft)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / config.n_fft)
    dft = np.exp(-2j * np.pi * np.outer(np.arange(config.n_fft // 2), n) / config.n_fft) / np.sqrt(config.n_fft)
    count, length = -(-samples.shape[1] // config.hop), samples.shape[1]
    frames = []
    for t in range(count):
        at = np.abs(t * config.hop - (config.n_fft - config.hop) // 2 + n)  # mirrored at the start
        at = np.where(at < length, at, 2 * (length - 1) - at)  # and at the end
        frames.append((samples[:, at] * window) @ dft.T)
    return np.stack(frames, axis=2)


@pytest.mark.parametrize("length", [768, 1000, 1023])
def test_agrees_with_the_definition(length: int) -> None:
    config = StftConfig(256, 64)
    samples = noise(2, length)
    spectra = mirrored_stft(samples, config)
    assert spectra.dtype == np.complex64
    np.testing.assert_allclose(spectra, naive(samples, config), atol=2e-7)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("extra", [0, 1, 17])
def test_the_inverse_gives_back_what_went_in_to_the_ends(config: StftConfig, extra: int) -> None:
    samples = slow(20 * config.n_fft + extra)
    found = mirrored_istft(mirrored_stft(samples, config), samples.shape[1], config)
    np.testing.assert_allclose(found, samples, atol=1e-5)


@pytest.mark.parametrize("length", [3 * 1024, 10_000, 11_025])
def test_it_is_the_transform_that_the_networks_were_trained_on(length: int) -> None:
    torch = pytest.importorskip("torch", exc_type=ImportError)
    from limelight.networks.dual_unet import DualUnetConfig, istft, stft

    there, config = DualUnetConfig(4), StftConfig(4096, 1024)
    samples = noise(2, length)
    spectra = stft(torch.from_numpy(samples), there)
    np.testing.assert_allclose(mirrored_stft(samples, config), spectra.numpy(), atol=2e-6)
    back = mirrored_istft(spectra.numpy(), length, config)
    np.testing.assert_allclose(back, istft(spectra, length, there).numpy(), atol=2e-6)
