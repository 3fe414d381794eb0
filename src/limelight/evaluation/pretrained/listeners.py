"""What the metrics need of a network, and the names by which it is asked for.

    taggers      passt      PaSST (hear21passt), the papers' own, 32 kHz
                 ast        Audio Spectrogram Transformer (transformers), permissive, 16 kHz; any such model by its name
    embedders    pe-av      PE-AV (transformers), permissive; any such model by its name
                 imagebind  ImageBind-huge, the papers' own; its weights may not be used commercially

Sounds come in as the metrics have them, mono at 44,100 Hz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.dsp.resample import resample
from limelight.evaluation.metrics import SAMPLE_RATE, Signal

Array = NDArray[np.float32]
Image = NDArray[np.uint8]  # [H, W, 3], RGB

WINDOW_SECONDS = 10.0  # what the taggers were trained on


class Tagger(Protocol):
    """Hears AudioSet's classes."""

    def logits(self, sound: Signal) -> Array:
        """Of a mono sound [N] at 44,100 Hz, [W]."""
        ...


class Embedder(Protocol):
    """Puts sounds and pictures into one space."""

    def sound(self, sound: Signal) -> Array:
        """Of a mono sound [N] at 44,100 Hz, [D]."""
        ...

    def pictures(self, images: Sequence[Image]) -> Array:
        """Of a clip's pictures in order, [T, D]; where the network watches the clip as a whole, T is 1."""
        ...


def tagger_of(name: str, *, offline: bool = False) -> Tagger:
    """By name. Raises ModelError."""
    if name == "passt":
        from limelight.evaluation.pretrained.passt import Passt

        return Passt.load()
    from limelight.evaluation.pretrained.spectrogram_transformer import AST, SpectrogramTransformer

    return SpectrogramTransformer(AST if name == "ast" else name, offline=offline)


def embedder_of(name: str, *, offline: bool = False) -> Embedder:
    """By name. Raises ModelError."""
    if name == "imagebind":
        from limelight.evaluation.pretrained.image_bind import ImageBind

        return ImageBind.load()
    from limelight.evaluation.pretrained.pe_av import PE_AV, PerceptionAudioVideo

    return PerceptionAudioVideo(PE_AV if name == "pe-av" else name, offline=offline)


def at_rate(sound: Signal, sample_rate: int) -> Array:
    """A metrics' sound [N] at a network's rate."""
    return np.asarray(resample(np.asarray(sound, np.float32)[None], SAMPLE_RATE, sample_rate)[0])


def mean_over_windows(sound: Array, sample_rate: int, hear: Callable[[Array], Array]) -> Array:
    """What a network of ten seconds hears in a sound of any length: the mean over windows, the last of which reaches back."""
    size = round(WINDOW_SECONDS * sample_rate)
    if len(sound) <= size:
        return hear(sound)
    starts = [*range(0, len(sound) - size, size), len(sound) - size]
    return np.asarray(np.mean([hear(sound[start : start + size]) for start in starts], axis=0))
