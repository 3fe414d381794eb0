"""The transform that the papers' networks were trained on, whole windows at a time, and its inverse.

From HybridDemucs (Défossez, 2021), as VisAH (CVPR 2025) uses it: a periodic Hann window on both sides, one frame a hop
and no frame more, centred between the hops; beyond its ends the sound is mirrored; Nyquist's bin is dropped and all is
scaled by 1 / √n_fft. A NumPy twin of `networks.dual_unet.stft`, so that no torch is needed to run such a network.

    frame t spans the samples from t · hop − margin to t · hop − margin + n_fft, margin = (n_fft − hop) / 2

Unlike `dsp.stft`, which streams and whose frames are centred on the hops, it is of a length that is known.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.dsp.stft import Spectra, StftConfig
from limelight.signals import Samples


def mirrored_stft(samples: Samples, config: StftConfig) -> Spectra:
    """[C, N] to [C, F, T], T = ⌈N / hop⌉, F = n_fft / 2; N at least three hops."""
    margin = _margin(config)
    padded = np.pad(samples, ((0, 0), (margin, margin + -samples.shape[1] % config.hop)), mode="reflect")
    frames = sliding_window_view(padded, config.n_fft, axis=1)[:, :: config.hop] * _window(config)  # [C, T, n_fft]
    spectra = np.fft.rfft(frames, norm="ortho")[:, :, :-1]
    return spectra.astype(np.complex64, copy=False).swapaxes(1, 2)


def mirrored_istft(spectra: Spectra, length: int, config: StftConfig) -> Samples:
    """The inverse, [C, F, T] to [C, length]: x[n] = Σ_t w[n − t hop] y_t[n − t hop] / Σ_t w²[n − t hop]."""
    window = _window(config)
    frames = np.fft.irfft(spectra.swapaxes(1, 2), config.n_fft, norm="ortho").astype(np.float32, copy=False) * window
    weight = np.broadcast_to(np.square(window), (1, *frames.shape[1:]))
    inside = slice(_margin(config), _margin(config) + length)
    return _overlap_add(frames, config)[:, inside] / _overlap_add(weight, config)[:, inside]


def _overlap_add(frames: NDArray[np.float32], config: StftConfig) -> Samples:
    """[C, T, n_fft] to [C, (T − 1) · hop + n_fft]."""
    channels, count, _ = frames.shape
    parts = frames.reshape(channels, count, config.overlap, config.hop)
    sums = np.zeros((channels, count + config.overlap - 1, config.hop), np.float32)
    for part in range(config.overlap):
        sums[:, part : part + count] += parts[:, :, part]
    return sums.reshape(channels, -1)


def _margin(config: StftConfig) -> int:
    return (config.n_fft - config.hop) // 2


def _window(config: StftConfig) -> NDArray[np.float32]:
    """Hann's, [n_fft]: the square of the root that `StftConfig` has."""
    return np.square(config.window)
