"""What is kept of a scene: magnitudes by line, enough for every loss of masks on the mixture, whatever the gains.

Lines: one bin each up to 3 kHz, then 2.6 % wide, of spectra 2048 / 1024 under √Hann at 48 kHz (other resolutions for trials).
Nine numbers a line and step, in half precision, signed square roots so that 16 bits reach:

    0–2  |S_k|²          power of the stems
    3    |X|²            power of the mixture
    4,5  Re S_s S_m*, Re S_s S_e*    (the third follows: 2 Σ = |X|² − Σ |S_k|²)
    6    |Y|²            power of the pretrained ear's speech
    7    |X − Y|²        power of what it leaves
    8    |side|²         power of what does not lie in the middle
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from limelight.models.separators.masks import HOP, N_FFT, SINGLE_HERTZ, WIDENING, line_edges

KEPT = ("speech", "music", "effects", "mixture", "speech_music", "speech_effects", "ear", "rest", "side")
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Resolution:
    """Of time and frequency."""

    n_fft: int = N_FFT
    hop: int = HOP
    single_hertz: float = SINGLE_HERTZ
    widening: float = WIDENING

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """Lines + 1 bin numbers."""
        return line_edges(n_fft=self.n_fft, single_hertz=self.single_hertz, widening=self.widening)

    @cached_property
    def widths(self) -> Array:
        return np.diff(self.edges).astype(np.float32)

    @property
    def lines(self) -> int:
        return len(self.edges) - 1

    def spectra(self, x: Array) -> NDArray[np.complex64]:
        """[…, N] to […, T, F], T = ⌊N / hop⌋; frame t is centred at t · hop."""
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.n_fft) / self.n_fft)).astype(np.float32)
        pad = [(0, 0)] * (x.ndim - 1) + [(self.n_fft // 2, self.n_fft // 2)]
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, pad), self.n_fft, axis=-1)
        return fft.rfft(frames[..., : x.shape[-1] : self.hop, :] * window).astype(np.complex64)

    def sums(self, x: Array) -> Array:
        """[…, F] to […, lines]."""
        return np.add.reduceat(x, self.edges[:-1], axis=-1)

    def of_bins(self, x: Array) -> Array:
        """[…, lines] to […, F]."""
        return np.repeat(x, np.diff(self.edges), axis=-1)

    def waveform(self, spectra: NDArray[np.complex64], samples: int) -> Array:
        """The inverse of `spectra` (hop half of n_fft), [T, F] to [N]."""
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.n_fft) / self.n_fft)).astype(np.float32)
        frames = fft.irfft(spectra, self.n_fft) * window
        out = np.zeros((len(frames) - 1) * self.hop + self.n_fft, np.float32)
        for phase in range(2):
            part = frames[phase::2]
            out[phase * self.hop : phase * self.hop + part.size] += part.ravel()
        out = out[self.n_fft // 2 :][:samples]
        return np.pad(out, (0, samples - len(out)))


def power(s: NDArray[np.complex64]) -> Array:
    return np.square(s.real) + np.square(s.imag)


def kept_of(stems: Array, ear: Array, side: Array, resolution: Resolution) -> NDArray[np.float16]:
    """Mono stems [3, N], the ear's speech [N], the mixture's side [N] to [9, T, lines]."""
    s = resolution.spectra(np.concatenate([stems, ear[None], side[None]]))
    mixture = s[:3].sum(0)
    made = np.stack(
        [
            *power(s[:3]),
            power(mixture),
            (s[0] * s[1].conj()).real,
            (s[0] * s[2].conj()).real,
            power(s[3]),
            power(mixture - s[3]),
            power(s[4]),
        ]
    )
    lines = resolution.sums(made)
    return np.clip(np.sign(lines) * np.sqrt(np.abs(lines)), -60_000, 60_000).astype(np.float16)
