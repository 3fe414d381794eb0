"""ImageBind-huge, the network of the papers' ΔIB (Girdhar et al., CVPR 2023), as a plug-in for those who may use it.

Its weights are CC BY-NC 4.0: not for commercial use. So nothing here asks for it unless it is named, and Limelight's extras
do not install it. Its own loaders read files, so that sounds and pictures pass through a folder that is removed again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from limelight.errors import ModelError
from limelight.evaluation.metrics import SAMPLE_RATE, Signal
from limelight.evaluation.pretrained.listeners import Array, Image
from limelight.media.sound_file import write_sound


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
