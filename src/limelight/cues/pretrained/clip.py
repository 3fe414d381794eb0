"""CLIP watches: one picture a second as 768 numbers of length 1.

From VisAH (CVPR 2025): the image embedding of CLIP ViT-L/14 (Radford et al., 2021; weights MIT), L2-normalised. Ours
takes the picture nearest to the middle of each second, by its time; the shots and their words come from the classical
measurements, made on the same pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from limelight.cues.encoder import PictureStatistics
from limelight.cues.pretrained.loading import best_device, load_network
from limelight.cues.pretrained.pixels import Image, centre_of
from limelight.cues.pretrained.sampling import Rows, embedding_names, held, unit_length, watch
from limelight.signals import Cues, Picture

CLIP = "openai/clip-vit-large-patch14"
BATCH = 16


class ClipFrames:
    """A `cues.encoder.Encoder`; pictures should be 224 lines high or more."""

    def __init__(self, name: str = CLIP, *, device: str | None = None, offline: bool = False) -> None:
        """`name`: any CLIP vision model of transformers, or a folder. Raises ModelError."""
        self._device = device or best_device()
        self._network: Any = load_network("CLIPVisionModelWithProjection", name, device=self._device, offline=offline)
        self.width = int(self._network.visual_projection.out_features)
        self._size = int(self._network.config.image_size)

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Values [T, 768], each row of length 1, or zeros before the first picture."""
        waiting: dict[int, Image] = {}
        known: dict[int, Rows] = {}

        def flush() -> None:
            known.update(zip(waiting, self.embed(list(waiting.values())), strict=True))
            waiting.clear()

        def take(second: int, picture: Picture) -> None:
            waiting[second] = picture.image
            if len(waiting) == BATCH:
                flush()

        measured = PictureStatistics().encode(watch(pictures, take), duration_seconds=duration_seconds)
        flush()
        values = held(known, self.width, duration_seconds=duration_seconds)
        return Cues(embedding_names("clip", self.width), values, measured.shots)

    def embed(self, images: list[Image]) -> Rows:
        """Pictures [H, W, 3] to [P, D], of length 1."""
        if not images:
            return np.zeros((0, self.width), np.float32)
        import torch

        pixels = torch.from_numpy(centre_of(images, self._size)).to(self._device, self._network.dtype)
        with torch.inference_mode():
            found = self._network(pixel_values=pixels).image_embeds
        return unit_length(found.float().cpu().numpy())
