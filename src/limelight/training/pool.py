"""Stems as spectra, each of which is mixed again and again with others.

To arrange, colour and transform a stem costs more than a step of training on it. So stems are numbered, stem n of a seed is
always the same, and an example takes any of a window of numbers that moves on as training does: a stem is heard in many
mixtures, each time elsewhere, at another level and with other stems, and then never again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from limelight.dsp.gains import db_to_gain
from limelight.dsp.loudness import block_powers, integrated_from_block_powers
from limelight.muddy.mixtures import SILENT_LUFS, arrange
from limelight.muddy.sounds import SAMPLE_RATE, SoundLibrary
from limelight.muddy.variety import Variety, coloured_stem
from limelight.networks.lite import LiteConfig
from limelight.networks.lite_spectra import waveform_spectra
from limelight.signals import STEMS

LEVEL_LUFS = -27.0  # of every pooled stem, integrated
HALF_SCALE = 32.0  # brings spectra into the range of half precision


@dataclass(frozen=True)
class PoolConfig:
    """How stems are kept."""

    steps: int = 480  # STFT steps of a stem, 10.24 s
    size: int = 256  # numbers in the window
    seed: int = 0
    variety: Variety = field(default_factory=Variety)


class StemPool:
    """Stems of a library by kind and number."""

    def __init__(self, sounds: SoundLibrary, config: PoolConfig, network: LiteConfig) -> None:
        self.sounds, self.config, self.network = sounds, config, network
        self._kept: dict[tuple[int, int], Tensor | None] = {}

    def draw(self, rng: np.random.Generator, kind: int, first: int) -> Tensor | None:
        """Any stem of a kind out of the window that begins at number `first`; see `stem`."""
        for key in [key for key in self._kept if key[0] == kind and key[1] < first]:
            del self._kept[key]
        key = kind, first + int(rng.integers(self.config.size))
        if key not in self._kept:
            self._kept[key] = self.stem(*key)
        return self._kept[key]

    def stem(self, kind: int, number: int) -> Tensor | None:
        """Spectra [T, F, 2] (real and imaginary part) in half precision, over HALF_SCALE; None where nothing is heard."""
        rng = np.random.default_rng([self.config.seed, kind, number])
        length = self.config.steps * self.network.hop
        samples = arrange(rng, STEMS[kind], self.sounds, length, self.config.variety)
        samples = coloured_stem(rng, STEMS[kind], samples, self.config.variety)
        lufs = integrated_from_block_powers(block_powers(samples[None], SAMPLE_RATE, layout="mono"))
        if lufs < SILENT_LUFS:
            return None
        levelled = torch.from_numpy(samples * np.float32(db_to_gain(LEVEL_LUFS - lufs) / HALF_SCALE))
        spectra = waveform_spectra(levelled[None], self.network)[0, : self.config.steps]
        return torch.view_as_real(spectra.contiguous()).half()


def cut(stem: Tensor, start: int, steps: int) -> Tensor:
    """`steps` steps of a pooled stem as complex spectra [T, F], at LEVEL_LUFS."""
    return torch.view_as_complex(stem[start : start + steps].float()) * HALF_SCALE
