"""The networks that metrics ask, by name, loaded once by each process; on the GPU where there is one.

    taggers      passt      PaSST (hear21passt; Koutini et al., Interspeech 2022; Apache 2.0), the papers' own for KLD: 527
                            AudioSet classes from 32 kHz
                 ast        AST (transformers; Gong, Chung & Glass, Interspeech 2021; BSD 3-Clause), 16 kHz; any such model
    embedders    pe-av      PE-AV (transformers; Meta's Perception Encoder, 2025), permissive; any such model by its name. It
                            watches a clip as a whole, so there is one embedding for all its pictures
                 imagebind  ImageBind-huge (Girdhar et al., CVPR 2023), the papers' own for ΔIB. Its weights are CC BY-NC
                            4.0: nothing here asks for it unless it is named, and no extra of ours installs it

Figures of different networks cannot be set beside each other. Sounds come in as the metrics have them, mono at 44,100 Hz.
What packages print while they are imported or asked goes to stderr: stdout is for results.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import resample
from limelight.dataset.clips import CLIPS, read_frame
from limelight.dataset.manifest import Entry
from limelight.errors import InputError, ModelError
from limelight.media.audio_files import write_sound
from limelight.media.sample_frames import encode_png, resized
from limelight.metrics.papers import SAMPLE_RATE, Signal
from limelight.vision.pretrained.encoders import load, said_on_stderr

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


@dataclass(frozen=True)
class MetricNetworks:
    """The networks that a run asks, by name; "" for none."""

    tagger: str = ""
    embedder: str = ""

    def check(self, entries: Sequence[Entry]) -> None:
        """Loads what is asked for, before any work is done. Raises ModelError, InputError where there are no pictures."""
        if self.tagger:
            _tagger(self.tagger)
        if self.embedder:
            _embedder(self.embedder)
            missing = next((entry.name for entry in entries if not picture_names(entry)), None)
            if missing:
                raise InputError(
                    f"Wanted pictures for --embedder, {missing} has none; build the data set again with --frames."
                )

    def logits(self, sound: Signal) -> Array:
        """What the tagger hears in a mono sound [N] at 44.1 kHz, [W]."""
        return _tagger(self.tagger).logits(sound)

    def sound(self, sound: Signal) -> Array:
        """The embedding of a mono sound [N] at 44.1 kHz, [D]."""
        return _embedder(self.embedder).sound(sound)

    def seen(self, images: Sequence[Image]) -> Array:
        """The embeddings of a clip's pictures, [T, D]."""
        return _embedder(self.embedder).pictures(images)


NO_NETWORKS = MetricNetworks()


def picture_names(entry: Entry) -> list[str]:
    """The pictures that a clip keeps, in order."""
    return sorted(name for name in entry.files if name.startswith("frames/"))


def read_pictures(folder: Path, entry: Entry) -> list[Image]:
    """The pictures of a clip, [H, W, 3] in RGB. Raises InputError, TooLarge."""
    return [read_frame(folder / CLIPS / entry.name / name) for name in picture_names(entry)]


@cache
def _tagger(name: str) -> Tagger:
    return tagger_of(name)


@cache
def _embedder(name: str) -> Embedder:
    return embedder_of(name)


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _network(kind: str, name: str, device: str, offline: bool) -> Any:
    """Of transformers, ready to be asked; float32 everywhere, so that a figure does not depend on the machine."""
    import torch

    return load(kind, name, offline=offline, dtype=torch.float32).to(device).eval()


def _not_importable(what: str, package: str, error: ImportError, way: str) -> ModelError:
    """A package that is missing, and one that is there and cannot be imported, are two things."""
    missing = error.name is None or error.name.partition(".")[0] == package
    if missing:
        return ModelError(f"Wanted {what}, found no {package}; {way}.")
    return ModelError(f"Wanted {what}: {package} is installed and cannot be used ({error}); mend it, or {way}.")


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


PASST_RATE = 32_000
THEIRS = "install it from its own repository (its weights may not be used commercially), or take pe-av"
EVAL = "install the extra eval (`pip install -e '.[eval]'` in a clone), or take the tagger ast"


class Passt:
    """A `Tagger` around the network of hear21passt, [B, N] at 32 kHz to logits [B, 527]."""

    def __init__(self, network: Any, *, device: str = "cpu") -> None:
        self._network, self._device = network.to(device), device

    @classmethod
    def load(cls) -> Passt:
        """With the weights that the package fetches. Raises ModelError where it is not installed, or broken."""
        with said_on_stderr():
            try:
                from hear21passt.base import get_basic_model
            except ImportError as error:
                raise _not_importable("PaSST", "hear21passt", error, EVAL) from error
            return cls(get_basic_model(mode="logits").eval(), device=_device())

    def logits(self, sound: Signal) -> Array:
        return mean_over_windows(at_rate(sound, PASST_RATE), PASST_RATE, self._window)

    def _window(self, sound: Array) -> Array:
        import torch

        with torch.inference_mode(), said_on_stderr():
            found = self._network(torch.from_numpy(np.ascontiguousarray(sound))[None].to(self._device))
        return np.asarray(found[0].float().cpu().numpy(), np.float32)


AST = "MIT/ast-finetuned-audioset-10-10-0.4593"


class SpectrogramTransformer:
    """A `Tagger`: AST."""

    def __init__(self, name: str = AST, *, device: str | None = None, offline: bool = False) -> None:
        """`name`: any AST classifier of transformers, or a folder. Raises ModelError."""
        self._device = device or _device()
        self._network: Any = _network("ASTForAudioClassification", name, self._device, offline)
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
    """An `Embedder` around the package's network and its module `data`."""

    def __init__(
        self, network: Any, data: Any, *, sound: str = "audio", vision: str = "vision", device: str = "cpu"
    ) -> None:
        """`sound` and `vision` are the package's names of the two modalities."""
        self._network, self._data, self._names, self._device = network, data, (sound, vision), device

    @classmethod
    def load(cls) -> ImageBind:
        """With the weights that the package fetches. Raises ModelError where it is not installed, or broken."""
        with said_on_stderr():
            try:
                from imagebind import data
                from imagebind.models.imagebind_model import ModalityType, imagebind_huge
            except ImportError as error:
                raise _not_importable("ImageBind", "imagebind", error, THEIRS) from error
            device = _device()
            network = imagebind_huge(pretrained=True).eval().to(device)
        return cls(network, data, sound=ModalityType.AUDIO, vision=ModalityType.VISION, device=device)

    def sound(self, sound: Signal) -> Array:
        with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
            path = Path(folder) / "sound.wav"
            write_sound(path, [np.asarray(sound, np.float32)[None]], sample_rate=SAMPLE_RATE, layout="mono")
            values = self._data.load_and_transform_audio_data([str(path)], self._device)
            return np.asarray(self._ask(self._names[0], values)[0])

    def pictures(self, images: Sequence[Image]) -> Array:
        with tempfile.TemporaryDirectory(prefix="limelight-") as folder:
            paths = [Path(folder) / f"{n:04d}.png" for n in range(len(images))]
            for path, image in zip(paths, images, strict=True):
                path.write_bytes(encode_png(image))
            values = self._data.load_and_transform_vision_data(list(map(str, paths)), self._device)
            return self._ask(self._names[1], values)

    def _ask(self, name: str, values: Any) -> Array:
        import torch

        with torch.inference_mode(), said_on_stderr():
            found = self._network({name: values})[name]
        return np.asarray(found.float().cpu().numpy(), np.float32)


PE_AV = "facebook/pe-av-large"
PE_RATE, STRIDE = 48_000, 1920  # samples that make one step; the last one is filled by mirroring
SIZE = 336  # pictures are brought to a square, not cropped, and to −1 … 1


class PerceptionAudioVideo:
    """An `Embedder`: PE-AV."""

    def __init__(
        self, name: str = PE_AV, *, device: str | None = None, offline: bool = False, size: int = SIZE
    ) -> None:
        """`name`: any PE-AV model of transformers, or a folder; `size` of its pictures. Raises ModelError."""
        self._device = device or _device()
        self._network: Any = _network("PeAudioVideoModel", name, self._device, offline)
        self._size = size

    def sound(self, sound: Signal) -> Array:
        whole = at_rate(sound, PE_RATE)
        padded = np.pad(whole, (0, -len(whole) % STRIDE), mode="reflect" if len(whole) > STRIDE else "constant")
        return np.asarray(self._embedded("audio", "input_values", padded[None, None])[0])  # [B, C, N]

    def pictures(self, images: Sequence[Image]) -> Array:
        small = [resized(image, self._size, self._size) for image in images]
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
