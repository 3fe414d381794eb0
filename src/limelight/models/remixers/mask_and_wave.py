"""A network that remixes in one step: what it hears becomes a mask on the spectrum and a waveform beside it.

    magnitude [1, F, T] ─┐           ┌→ mask [1, F, T]
    mixture   [1, N]    ─┤ one graph │                       output = iSTFT(mask · X) + wave
    context   [1, M, D] ─┘           └→ wave [1, N]

From VisAH (CVPR 2025), as `training/export.py` writes it. It knows no stems and gives no gains. The network hears a mono
downmix m at its own level (the papers do not normalise); what it decides is done to every channel, as in
`networks/remixer.py`, of which this is the NumPy twin:

    change_c = iSTFT( (mask − 1) · STFT(x_c) ) + a_c · wave        a_c = ⟨x_c, m⟩ / ⟨m, m⟩ over the chunk

Ours computes the change, not the output: a mask of ones and a silent wave change nothing, exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.stft import StftConfig, mirrored_istft, mirrored_stft
from limelight.errors import ModelError
from limelight.models.card import Card, check_graph, open_sealed
from limelight.runtime import run_session
from limelight.types import Chunk, Samples

Array = NDArray[np.float32]


@dataclass(frozen=True)
class MaskAndWave:
    """What is to be done to a mixture: output = iSTFT(mask · X) + wave."""

    mask: Array  # [F, T], unbounded
    wave: Array  # [N], at the mixture's level


class MaskAndWaveRemixer(ABC):
    """A `Remixer` whose network answers with a mask and a waveform for the mono downmix."""

    @property
    @abstractmethod
    def card(self) -> Card: ...

    @abstractmethod
    def prescribe(self, magnitude: Array, mixture: Array, context: Array | None) -> MaskAndWave:
        """Magnitudes [F, T] and samples [N] of a mono chunk, and what the picture says [M, D], a row a second.

        N, F and T are the card's; the context is None just where the card's width is 0.
        """

    def remix(self, chunk: Chunk, context: Array | None) -> Samples:
        """What is to be added to the chunk, [C, N]. Raises ModelError where the network's answer is none."""
        window, mono = chunk.samples, chunk.mono
        if not window.any():
            return np.zeros_like(window)
        config = StftConfig(self.card.n_fft, self.card.hop)
        magnitude = np.ascontiguousarray(np.abs(mirrored_stft(mono[None], config)[0]))
        made = _checked(self.prescribe(magnitude, mono, context), magnitude, mono, self.card.name)
        change = shares(window, mono)[:, None] * made.wave  # [C, N]
        for channel, sound in zip(change, window, strict=True):  # one at a time: spectra are large
            spectrum = (made.mask - 1) * mirrored_stft(sound[None], config)
            channel += mirrored_istft(spectrum, window.shape[1], config)[0]
        return change


def shares(sound: Samples, mono: Array) -> Array:
    """a_c, [C], of channels [C, N] in their downmix [N]; zeros where the downmix is silent."""
    ear = mono.astype(np.float64)
    power = float(ear @ ear)
    return np.asarray(sound @ ear / power if power > 0 else np.zeros(len(sound)), np.float32)


def _checked(made: MaskAndWave, magnitude: Array, mono: Array, name: str) -> MaskAndWave:
    shapes = made.mask.shape == magnitude.shape and made.wave.shape == mono.shape
    if not shapes or not (np.isfinite(made.mask).all() and np.isfinite(made.wave).all()):
        raise ModelError(f"Wanted a mask and a waveform of finite numbers of {name}, got others; use another model.")
    return made


class OnnxRemixer(MaskAndWaveRemixer):
    """One sealed `.onnx` file."""

    def __init__(self, path: Path, *, threads: int | None = None, device: str | None = None) -> None:
        """Raises ModelError."""
        file = open_sealed(path, threads=threads, device=device)
        self._card, self._session = file.card, file.session
        inputs = {
            "magnitude": (1, self.card.bins, self.card.steps),
            "mixture": (1, self.card.samples),
            **({"context": (1, None, self.card.context_width)} if self.card.context_width else {}),
        }
        check_graph(file, kind="remixer", inputs=inputs, outputs=["mask", "wave"])

    @property
    def card(self) -> Card:
        return self._card

    def prescribe(self, magnitude: Array, mixture: Array, context: Array | None) -> MaskAndWave:
        feeds = {"magnitude": magnitude[None], "mixture": mixture[None]}
        if context is not None:
            feeds["context"] = context[None]
        mask, wave = run_session(self._session, ["mask", "wave"], feeds, model=self._card.name)
        return MaskAndWave(mask[0], wave[0])
