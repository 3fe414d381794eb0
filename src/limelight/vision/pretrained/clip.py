"""CLIP watches: one picture a second as 768 numbers of length 1.

From VisAH (CVPR 2025): the image embedding of CLIP ViT-L/14 (Radford et al., 2021; weights MIT), L2-normalised. Ours
takes the picture nearest to the middle of each second, by its time; the shots and their words come from the classical
measurements, made on the same pass.

CLIP reads: sentences as numbers in the same space as its pictures, so that the two can be compared.

From CLIP (Radford et al., 2021): the text half of the model whose picture half is `clip.ClipFrames`, projected and brought
to length 1. A caption longer than the 77 tokens that CLIP was taught is cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from limelight.types import Cues, Picture
from limelight.vision.encoder import PictureStatistics
from limelight.vision.pretrained.loading import best_device, load, load_network
from limelight.vision.pretrained.sampling import Image, Rows, centre_of, embedding_names, held, kept_frames, unit_length

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

        measured = PictureStatistics().encode(kept_frames(pictures, take), duration_seconds=duration_seconds)
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


class ClipWords:
    """A `text_encoder.TextEncoder`."""

    def __init__(self, name: str = CLIP, *, device: str | None = None, offline: bool = False) -> None:
        """`name`: any CLIP model of transformers, or a folder. Raises ModelError."""
        self._device = device or best_device()
        self._tokenizer: Any = load("AutoTokenizer", name, offline=offline)
        self._network: Any = load_network("CLIPTextModelWithProjection", name, device=self._device, offline=offline)
        self.width = int(self._network.text_projection.out_features)

    def embed(self, sentences: Sequence[str]) -> Rows:
        """[P, D], each of length 1; zeros for an empty sentence."""
        rows = np.zeros((len(sentences), self.width), np.float32)
        said = [number for number, sentence in enumerate(sentences) if sentence.strip()]
        for first in range(0, len(said), BATCH):
            batch = said[first : first + BATCH]
            rows[batch] = self._read([sentences[number] for number in batch])
        return rows

    def _read(self, sentences: list[str]) -> Rows:
        import torch

        longest = int(self._network.config.max_position_embeddings)
        tokens = self._tokenizer(sentences, padding=True, truncation=True, max_length=longest, return_tensors="pt").to(
            self._device
        )
        with torch.inference_mode():
            found = self._network(input_ids=tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds
        return unit_length(found.float().cpu().numpy())
