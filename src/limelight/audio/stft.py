"""Spectra: the streaming transform, the papers' transform, and bands of their lines.

The axis of frequency as masks have it: *bands*, one bin each where the ear is keen and then wider.

All bins of a band share one mask, so powers are summed over bands before masks weigh them, and masks are told bin by bin
only where spectra are multiplied: a fifth of the numbers.

Short-time Fourier transform, its exact inverse, and both as streams.

Weighted overlap-add (Griffin & Lim 1984) with the square root of a periodic Hann window on both sides. Ours differs
from the usual one in two ways: there is one frame more at the end, so that every sample lies between two frame centres
and the inverse never divides by a vanishing window; and a stream cut at any place gives what the whole array gives.

        frame 0      frame 1      frame 2               frame t is centred at sample t · hop
    ────────┬────────────┬────────────┬──────
      pad   0           hop         2 hop               frames = ⌈N / hop⌉ + 1

The transform that the papers' networks were trained on, whole windows at a time, and its inverse.

From HybridDemucs (Défossez, 2021), as VisAH (CVPR 2025) uses it: a periodic Hann window on both sides, one frame a hop
and no frame more, centred between the hops; beyond its ends the sound is mirrored; Nyquist's bin is dropped and all is
scaled by 1 / √n_fft. A NumPy twin of `networks.dual_unet.stft`, so that no torch is needed to run such a network.

    frame t spans the samples from t · hop − margin to t · hop − margin + n_fft, margin = (n_fft − hop) / 2

Unlike the transform above, which streams and whose frames are centred on the hops, it is of a length that is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from limelight.types import Samples

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Bands:
    """Neighbouring bins taken together."""

    edges: tuple[int, ...]  # bin numbers [L + 1], from 0 to F

    @classmethod
    def of(cls, edges: tuple[int, ...], n_fft: int) -> Bands:
        """Those of a card; one a bin where it tells none."""
        return cls(edges or tuple(range(n_fft // 2 + 2)))

    @classmethod
    def fine_below(cls, bins: int, *, bin_hertz: float, hertz: float = 3000.0, width: float = 0.026) -> Bands:
        """One bin each up to a frequency and then a constant share of it wide: about the ear's resolution."""
        edges = list(range(int(hertz / bin_hertz) + 1))
        while edges[-1] < bins:
            edges.append(min(bins, edges[-1] + max(1, round(width * edges[-1]))))
        return cls(tuple(edges))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def sums(self, values: Array) -> Array:
        """[…, F] to […, L]: powers or magnitudes of bins to those of bands."""
        if len(self) == values.shape[-1]:
            return values
        return np.add.reduceat(values, self.edges[:-1], axis=-1)

    def of_bins(self, values: Array) -> Array:
        """[…, L] to […, F]: each bin gets what its band has."""
        if len(self) == self.edges[-1]:
            return values
        return np.repeat(values, np.diff(self.edges), axis=-1)


Spectra = NDArray[np.complex64]  # [C, F, T]

_BATCH_FRAMES = 64  # temporaries stay in the cache; a first touch of fresh memory costs more than the transform


@dataclass(frozen=True)
class StftConfig:
    """The grid of a transform: window length and distance between frames, in samples."""

    n_fft: int = 2048
    hop: int = 1024

    def __post_init__(self) -> None:
        if self.hop < 1 or self.n_fft < 2 or self.n_fft % (2 * self.hop):
            raise ValueError(f"half a window must be a whole number of hops, got n_fft {self.n_fft} and hop {self.hop}")

    @property
    def bins(self) -> int:
        """F, from 0 Hz to half the sample rate."""
        return self.n_fft // 2 + 1

    @property
    def overlap(self) -> int:
        """How many frames cover one sample."""
        return self.n_fft // self.hop

    @property
    def latency(self) -> int:
        """Samples by which `IstftStream` stays behind the centre of the latest frame."""
        return self.n_fft // 2

    @property
    def window(self) -> NDArray[np.float32]:
        """Analysis window [n_fft]; √Hann is half a sine."""
        return np.sin(np.pi * np.arange(self.n_fft) / self.n_fft).astype(np.float32)

    def frames(self, length: int) -> int:
        """T of a signal of so many samples."""
        return -(-length // self.hop) + 1

    def frame_seconds(self, frames: int, sample_rate: int) -> NDArray[np.float64]:
        """Centres of the first frames, [T]."""
        return np.arange(frames, dtype=np.float64) * (self.hop / sample_rate)

    def frequencies_hz(self, sample_rate: int) -> NDArray[np.float64]:
        """Centres of the bins, [F]."""
        return np.arange(self.bins, dtype=np.float64) * (sample_rate / self.n_fft)


DEFAULT = StftConfig()


def stft(samples: Samples, config: StftConfig = DEFAULT) -> Spectra:
    """Transform [C, N] → [C, F, T], complex64. In memory the bins of one frame lie side by side."""
    length = samples.shape[1]
    frames = config.frames(length)
    behind = (frames - 1) * config.hop + config.n_fft // 2 - length
    padded = np.pad(samples.astype(np.float32, copy=False), ((0, 0), (config.n_fft // 2, behind)))
    return _spectra(padded, frames, config)


def istft(spectra: Spectra, length: int, config: StftConfig = DEFAULT) -> Samples:
    """Invert `stft`: [C, F, T] → [C, length]. Raises ValueError where the frames do not reach that far."""
    stream = IstftStream(spectra.shape[0], config)
    frames = spectra.shape[2]
    parts = [stream.push(spectra[:, :, t : t + _BATCH_FRAMES]) for t in range(0, frames, _BATCH_FRAMES)]
    return np.concatenate([*parts, stream.finish(length)], axis=1)


def whole_frames(samples: Samples, config: StftConfig = DEFAULT) -> Spectra:
    """The frames that lie wholly within [C, N], without anything added at the ends: [C, F, (N − n_fft) / hop + 1]."""
    return _spectra(samples, max(0, (samples.shape[1] - config.n_fft) // config.hop + 1), config)


def _spectra(samples: Samples, frames: int, config: StftConfig) -> Spectra:
    views = sliding_window_view(samples, config.n_fft, axis=1)[:, :: config.hop]  # [C, T, n_fft]
    spectra = np.empty((samples.shape[0], frames, config.bins), np.complex64)
    window = config.window
    for first in range(0, frames, _BATCH_FRAMES):
        last = min(first + _BATCH_FRAMES, frames)
        spectra[:, first:last] = np.fft.rfft(views[:, first:last] * window)
    return spectra.swapaxes(1, 2)


class StftStream:
    """`stft` of a signal that comes in blocks; a frame leaves as soon as its last sample is there."""

    def __init__(self, channels: int, config: StftConfig = DEFAULT) -> None:
        self._config = config
        self._pending = np.zeros((channels, config.n_fft // 2), np.float32)
        self._length = 0
        self._given = 0

    def push(self, block: Samples) -> Spectra:
        """Take [C, n], give the frames that are now complete, [C, F, t] (t may be 0)."""
        self._length += block.shape[1]
        self._pending = np.concatenate([self._pending, block], axis=1, dtype=np.float32)
        return self._take(max(0, (self._pending.shape[1] - self._config.n_fft) // self._config.hop + 1))

    def finish(self) -> Spectra:
        """The last frames, silence assumed behind the end."""
        missing = self._config.frames(self._length) - self._given
        needed = (missing - 1) * self._config.hop + self._config.n_fft
        self._pending = np.pad(self._pending, ((0, 0), (0, needed - self._pending.shape[1])))
        return self._take(missing)

    def _take(self, frames: int) -> Spectra:
        if frames == 0:
            return np.empty((self._pending.shape[0], self._config.bins, 0), np.complex64)
        spectra = _spectra(self._pending, frames, self._config)
        self._pending = self._pending[:, frames * self._config.hop :]
        self._given += frames
        return spectra


class IstftStream:
    """`istft` of frames that come in groups. After frame t the samples before t · hop − `latency` are out.

    The time line is cut into segments of one hop. A frame t adds to the `overlap` segments it covers; the sum of its
    squared windows is kept beside and divided out, so that the first and last samples, which fewer frames cover,
    come back exactly too:

        x̂[n] = Σ_t w[n − t·hop] · y_t[n − t·hop]  /  Σ_t w²[n − t·hop]

    One complete segment is always held back: only `finish` knows how much of it belongs to the signal.
    """

    def __init__(self, channels: int, config: StftConfig = DEFAULT) -> None:
        self._config = config
        self._window = config.window
        self._sums = np.zeros((channels, config.overlap, config.hop), np.float32)  # [C, overlap, hop]
        self._weights = np.zeros((config.overlap, config.hop), np.float32)
        self._skip = config.overlap // 2 + 1  # segments before time 0
        self._frames = 0
        self._given = 0

    def push(self, spectra: Spectra) -> Samples:
        """Take [C, F, t], give the samples that no later frame touches, [C, n] (n may be 0)."""
        config, frames = self._config, spectra.shape[2]
        self._frames += frames
        waves = np.fft.irfft(spectra.swapaxes(1, 2), config.n_fft).astype(np.float32, copy=False) * self._window
        waves = waves.reshape(len(spectra), frames, config.overlap, config.hop)
        squares = np.square(self._window).reshape(config.overlap, config.hop)
        self._sums = np.pad(self._sums, ((0, 0), (0, frames), (0, 0)))  # [C, overlap + t, hop]
        self._weights = np.pad(self._weights, ((0, frames), (0, 0)))
        for part in range(config.overlap):
            self._sums[:, 1 + part : 1 + part + frames] += waves[:, :, part]
            self._weights[1 + part : 1 + part + frames] += squares[part]
        return self._take(frames)

    def finish(self, length: int) -> Samples:
        """The samples still owed, so that all that was given makes [C, length]."""
        reach = max(0, self._frames - 1) * self._config.hop
        if not self._given <= length <= reach:
            raise ValueError(f"{length} samples wished from {self._frames} frames, which hold {self._given} to {reach}")
        owed = length - self._given
        sums = self._sums[:, self._skip :].reshape(self._sums.shape[0], -1)
        weights = self._weights[self._skip :].ravel()
        self._given = length
        return sums[:, :owed] / weights[:owed]

    def _take(self, segments: int) -> Samples:
        skipped = min(self._skip, segments)
        samples = self._sums[:, skipped:segments] / self._weights[skipped:segments]
        self._sums, self._weights = self._sums[:, segments:], self._weights[segments:]
        self._skip -= skipped
        samples = samples.reshape(samples.shape[0], -1)
        self._given += samples.shape[1]
        return samples


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
