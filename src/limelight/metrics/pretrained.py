"""What the metrics need of a network, and the names by which it is asked for.

    taggers      passt      PaSST (hear21passt), the papers' own, 32 kHz
                 ast        Audio Spectrogram Transformer (transformers), permissive, 16 kHz; any such model by its name
    embedders    pe-av      PE-AV (transformers), permissive; any such model by its name
                 imagebind  ImageBind-huge, the papers' own; its weights may not be used commercially

Sounds come in as the metrics have them, mono at 44,100 Hz.

PaSST, the tagger of the papers' KLD: 527 AudioSet classes from 32 kHz (Koutini et al., Interspeech 2022; Apache 2.0).

AST, an AudioSet tagger through transformers (Gong, Chung & Glass, Interspeech 2021; BSD 3-Clause): 527 classes from 16 kHz.

The permissive way to a KLD. Its figures cannot be set beside the papers', whose tagger is PaSST.

ImageBind-huge, the network of the papers' ΔIB (Girdhar et al., CVPR 2023), as a plug-in for those who may use it.

Its weights are CC BY-NC 4.0: not for commercial use. So nothing here asks for it unless it is named, and Limelight's extras
do not install it. Its own loaders read files, so that sounds and pictures pass through a folder that is removed again.

PE-AV, sounds and films in one space, through transformers (Meta's Perception Encoder, 2025): the permissive default.

It watches a clip as a whole, so there is one embedding for all its pictures; ΔIB's mean over pictures is over that one. The
figures cannot be set beside the papers', whose network is ImageBind. The picture half is a network of timm.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.audio.resample import resample
from limelight.errors import ModelError
from limelight.media.audio_files import write_sound
from limelight.metrics.papers import SAMPLE_RATE, Signal
from limelight.vision.pretrained.loading import best_device, load, load_network

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
        return Passt.load()

    return SpectrogramTransformer(AST if name == "ast" else name, offline=offline)


def embedder_of(name: str, *, offline: bool = False) -> Embedder:
    """By name. Raises ModelError."""
    if name == "imagebind":
        return ImageBind.load()

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


RATE = 32_000


class Passt:
    """A `listeners.Tagger` around the network of hear21passt, [B, N] at 32 kHz to logits [B, 527]."""

    def __init__(self, network: Any) -> None:
        self._network = network

    @classmethod
    def load(cls) -> Passt:
        """With the weights that the package fetches. Raises ModelError where it is not installed."""
        try:
            from hear21passt.base import get_basic_model
        except ImportError as error:
            raise ModelError(
                "Wanted PaSST, found no hear21passt; pip install 'limelight-audio[eval]', or take the tagger ast."
            ) from error
        return cls(get_basic_model(mode="logits").eval())

    def logits(self, sound: Signal) -> Array:
        return mean_over_windows(at_rate(sound, RATE), RATE, self._window)

    def _window(self, sound: Array) -> Array:
        import torch

        with torch.inference_mode():
            found = self._network(torch.from_numpy(np.ascontiguousarray(sound))[None])
        return np.asarray(found[0].float().cpu().numpy(), np.float32)


AST = "MIT/ast-finetuned-audioset-10-10-0.4593"


class SpectrogramTransformer:
    """A `listeners.Tagger`."""

    def __init__(self, name: str = AST, *, device: str | None = None, offline: bool = False) -> None:
        """`name`: any AST classifier of transformers, or a folder. Raises ModelError."""
        self._device = device or best_device()
        self._network: Any = load_network("ASTForAudioClassification", name, device=self._device, offline=offline)
        with warnings.catch_warnings():
            # Its lowest mel bands are narrower than a bin, as they were when it was trained.
            warnings.filterwarnings("ignore", "At least one mel filter", UserWarning)
            self._features: Any = load("ASTFeatureExtractor", name, offline=offline)
        self._rate = int(self._features.sampling_rate)

    def logits(self, sound: Signal) -> Array:
        return mean_over_windows(at_rate(sound, self._rate), self._rate, self._window)

    def _window(self, sound: Array) -> Array:
        import torch

        seen = self._features(np.ascontiguousarray(sound), sampling_rate=self._rate, return_tensors="pt")
        with torch.inference_mode():
            found = self._network(seen["input_values"].to(self._device, self._network.dtype)).logits
        return np.asarray(found[0].float().cpu().numpy(), np.float32)


class ImageBind:
    """A `listeners.Embedder` around the package's network and its module `data`."""

    def __init__(self, network: Any, data: Any, *, sound: str = "audio", vision: str = "vision") -> None:
        """`sound` and `vision` are the package's names of the two modalities."""
        self._network, self._data, self._names = network, data, (sound, vision)

    @classmethod
    def load(cls) -> ImageBind:
        """With the weights that the package fetches. Raises ModelError where it is not installed."""
        try:
            from imagebind import data
            from imagebind.models.imagebind_model import ModalityType, imagebind_huge
        except ImportError as error:
            raise ModelError(
                "Wanted ImageBind, which is not installed (it may not be used commercially, so no extra of ours brings "
                "it); install it from its own repository, or take the embedder pe-av."
            ) from error
        network = imagebind_huge(pretrained=True).eval()
        return cls(network, data, sound=ModalityType.AUDIO, vision=ModalityType.VISION)

    def sound(self, sound: Signal) -> Array:
        with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
            path = Path(folder) / "sound.wav"
            write_sound(path, [np.asarray(sound, np.float32)[None]], sample_rate=SAMPLE_RATE, layout="mono")
            return np.asarray(
                self._ask(self._names[0], self._data.load_and_transform_audio_data([str(path)], "cpu"))[0]
            )

    def pictures(self, images: Sequence[Image]) -> Array:
        with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
            paths = [Path(folder) / f"{n:04d}.png" for n in range(len(images))]
            for path, image in zip(paths, images, strict=True):
                path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(image[:, :, ::-1]))[1].tobytes())
            return self._ask(self._names[1], self._data.load_and_transform_vision_data(list(map(str, paths)), "cpu"))

    def _ask(self, name: str, values: Any) -> Array:
        import torch

        with torch.inference_mode():
            found = self._network({name: values})[name]
        return np.asarray(found.float().cpu().numpy(), np.float32)


PE_AV = "facebook/pe-av-large"
RATE, STRIDE = 48_000, 1920  # samples that make one step; the last one is filled by mirroring
SIZE = 336  # pictures are brought to a square, not cropped, and to −1 … 1


class PerceptionAudioVideo:
    """A `listeners.Embedder`."""

    def __init__(
        self, name: str = PE_AV, *, device: str | None = None, offline: bool = False, size: int = SIZE
    ) -> None:
        """`name`: any PE-AV model of transformers, or a folder; `size` of its pictures. Raises ModelError."""
        self._device = device or best_device()
        self._network: Any = load_network("PeAudioVideoModel", name, device=self._device, offline=offline)
        self._size = size

    def sound(self, sound: Signal) -> Array:
        whole = at_rate(sound, RATE)
        padded = np.pad(whole, (0, -len(whole) % STRIDE), mode="reflect" if len(whole) > STRIDE else "constant")
        return np.asarray(self._embedded("audio", "input_values", padded[None, None])[0])  # [B, C, N]

    def pictures(self, images: Sequence[Image]) -> Array:
        small = [cv2.resize(image, (self._size, self._size), interpolation=cv2.INTER_LINEAR) for image in images]
        film = np.stack(small).astype(np.float32).transpose(0, 3, 1, 2) / 127.5 - 1  # [T, 3, H, W]
        return self._embedded("video", "pixel_values_videos", film[None])

    def _embedded(self, half: str, kind: str, values: Array) -> Array:
        """One half of the network and its head; transformers' own shortcut to the picture half is not there in 5.x."""
        import torch

        asked = torch.from_numpy(np.ascontiguousarray(values)).to(self._device, self._network.dtype)
        model = getattr(self._network, f"{half}_model")
        with torch.inference_mode():
            heard = getattr(model, f"{half}_encoder")(**{kind: asked}, return_dict=True).pooler_output
            found = getattr(model, f"{half}_head")(heard)
        return np.asarray(found.float().cpu().numpy(), np.float32)
