"""PE-AV, sounds and films in one space, through transformers (Meta's Perception Encoder, 2025): the permissive default.

It watches a clip as a whole, so there is one embedding for all its pictures; ΔIB's mean over pictures is over that one. The
figures cannot be set beside the papers', whose network is ImageBind. The picture half is a network of timm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from limelight.cues.pretrained.loading import best_device, load_network
from limelight.evaluation.metrics import Signal
from limelight.evaluation.pretrained.listeners import Array, Image, at_rate

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
