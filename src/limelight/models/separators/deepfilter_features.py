"""What DeepFilterNet3 is told, and how its spectra become sound again: frames, ERB bands, running normalisation.

From "DeepFilterNet: Perceptually Motivated Real-Time Speech Enhancement" (Schröter et al. 2023) and the constants of
its reference library, which works frame by frame. Ours differs: whole runs of frames at once, in NumPy; every class
keeps what the next run needs, so that a stream cut at any frame gives what the whole gives.

Shapes: T frames of 10 ms, F = 481 bins, 32 bands, of which the lowest 96 bins are also given as complex numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Spectra = NDArray[np.complex64]  # [T, F]

SAMPLE_RATE = 48_000
HOP = 480
WINDOW = 2 * HOP
BINS = HOP + 1
BANDS = 32
COMPLEX_BINS = 96  # up to 4.8 kHz

_SCALE = 2 * HOP / WINDOW**2  # of the forward transform; the inverse is the bare sum
_KEPT = 0.99  # of a running mean, from frame to frame: a time constant of one second, rounded as in training
_BLOCK_FRAMES = 64  # running means are products with a triangle this wide
_LEAST_BINS = 2  # of a band
_SILENCE = 1e-10  # added to powers before the logarithm
_BAND_RANGE_DB = 40.0
_INAUDIBLE = 1e-4  # −80 dB RMS
_MOST_GAIN = 100.0  # 40 dB


def vorbis_window() -> Floats:
    """The power-complementary window of Vorbis [960], used on both sides."""
    sine = np.sin(np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
    return np.sin(0.5 * np.pi * sine**2).astype(np.float32)


def erb_widths() -> NDArray[np.int64]:
    """How many bins each of the 32 bands holds; equal steps on the ERB scale (Glasberg & Moore 1990), two bins at least."""
    scale = 24.7 * 9.265  # Hz
    steps = np.arange(1, BANDS + 1) * np.log1p(SAMPLE_RATE / 2 / scale) / BANDS
    upper = np.round(scale * np.expm1(steps) * WINDOW / SAMPLE_RATE).astype(int)
    upper[-1] = BINS
    edges = [0]
    for edge in upper:
        edges.append(max(int(edge), edges[-1] + _LEAST_BINS))
    return np.diff(edges)


class FrameAnalysis:
    """Sound to spectra: frames of 20 ms every 10 ms; the first reaches back into what came before."""

    def __init__(self) -> None:
        self._window = vorbis_window() * np.float32(_SCALE)
        self._before = np.zeros(HOP, np.float32)

    def push(self, hops: Floats) -> Spectra:
        """Whole hops [T · 480] to spectra [T, F]."""
        sound = np.concatenate([self._before, hops])
        self._before = sound[len(sound) - HOP :].copy()
        frames = sliding_window_view(sound, WINDOW)[::HOP]
        spectra: Spectra = np.fft.rfft(frames * self._window, axis=1).astype(np.complex64, copy=False)
        return spectra


class FrameSynthesis:
    """Spectra to sound, one hop late."""

    def __init__(self) -> None:
        self._window = vorbis_window() * np.float32(WINDOW)
        self._tail = np.zeros(HOP, np.float32)

    def push(self, spectra: Spectra) -> Floats:
        """Spectra [T, F] to whole hops [T · 480]."""
        frames: Floats = np.fft.irfft(spectra, WINDOW, axis=1).astype(np.float32, copy=False)
        halves = (frames * self._window).reshape(len(frames), 2, HOP)
        tails = np.concatenate([self._tail[None], halves[:, 1]])
        self._tail = tails[-1].copy()
        sound: Floats = halves[:, 0] + tails[:-1]
        return sound.ravel()


class RunningMean:
    """Exponential mean over frames, a state carried from push to push; vectorised over time as in a scan by blocks."""

    def __init__(self, start: Floats) -> None:
        self._state = start.astype(np.float32)
        ages = np.arange(_BLOCK_FRAMES)[:, None] - np.arange(_BLOCK_FRAMES)
        weights = np.where(ages >= 0, (1 - _KEPT) * _KEPT ** np.maximum(ages, 0), 0.0)
        self._weights = weights.astype(np.float32)
        self._decay = (_KEPT ** np.arange(1.0, _BLOCK_FRAMES + 1))[:, None].astype(np.float32)

    def push(self, values: Floats) -> Floats:
        """Values [T, D] to their means up to and with each frame [T, D]."""
        means = np.empty_like(values)
        for start in range(0, len(values), _BLOCK_FRAMES):
            block = values[start : start + _BLOCK_FRAMES]
            count = len(block)
            out = means[start : start + count]
            np.matmul(self._weights[:count, :count], block, out=out)
            out += self._decay[:count] * self._state
            self._state = out[-1].copy()
        return means


class Leveller:
    """A slow gain that brings spectra to one level, for what the network is told; the sound itself keeps its own.

    The network hears less the softer a sound is, and nothing under −45 dB, for its complex input is divided by the root
    of its running mean only. The level is the running mean of magnitude over a second; silence leaves the gain alone.
    """

    def __init__(self, level_db: float) -> None:
        self._level = np.float32(10 ** (level_db / 20))
        self._mean = RunningMean(np.zeros(1, np.float32))
        self._heard = 0  # frames that were not silent
        self._latest = self._level  # mean after the latest of them

    def push(self, spectra: Spectra) -> Floats:
        """Gains [T, 1] for spectra [T, F]."""
        power = spectra.real**2 + spectra.imag**2
        root_mean_square = 2 * np.sqrt(power.sum(axis=1, keepdims=True))
        loud = np.flatnonzero(root_mean_square > _INAUDIBLE)
        counts = self._heard + np.arange(1, len(loud) + 1)[:, None]
        heard = self._mean.push(root_mean_square[loud]) / (1 - _KEPT**counts).astype(np.float32)
        means = np.concatenate([[[self._latest]], heard])[np.searchsorted(loud, np.arange(len(spectra)), side="right")]
        self._heard, self._latest = self._heard + len(loud), means[-1, 0]
        gains: Floats = self._level / np.maximum(means, self._level / np.float32(_MOST_GAIN))
        return gains


class Features:
    """Spectra to the network's two inputs, normalised by running means that go on for the whole film."""

    def __init__(self, *, level_db: float | None = None) -> None:
        """`level_db`: RMS that the network is told at; None: the sound's own."""
        self._leveller = None if level_db is None else Leveller(level_db)
        widths = erb_widths()
        self._starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
        self._widths = widths.astype(np.float32)
        self._level_db = RunningMean(np.linspace(-60, -90, BANDS, dtype=np.float32))
        self._magnitude = RunningMean(np.linspace(1e-3, 1e-4, COMPLEX_BINS, dtype=np.float32))

    def push(self, spectra: Spectra) -> tuple[Floats, Floats]:
        """Spectra [T, F] to band levels [T, 32] and complex bins [2, T, 96]."""
        if self._leveller is not None:
            spectra = spectra * self._leveller.push(spectra)
        power = spectra.real**2 + spectra.imag**2
        level_db = 10 * np.log10(np.add.reduceat(power, self._starts, axis=1) / self._widths + np.float32(_SILENCE))
        bands = (level_db - self._level_db.push(level_db)) / np.float32(_BAND_RANGE_DB)
        mean = self._magnitude.push(np.sqrt(power[:, :COMPLEX_BINS]))
        low = spectra[:, :COMPLEX_BINS] / np.sqrt(mean)
        return bands, np.stack([low.real, low.imag])


def bins_of_bands(bands: Floats) -> Floats:
    """Gains of bands [T, 32] to gains of bins [T, F]."""
    return np.repeat(bands, erb_widths(), axis=1)
