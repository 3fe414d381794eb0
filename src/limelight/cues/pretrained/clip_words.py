"""CLIP reads: sentences as numbers in the same space as its pictures, so that the two can be compared.

From CLIP (Radford et al., 2021): the text half of the model whose picture half is `clip.ClipFrames`, projected and brought
to length 1. A caption longer than the 77 tokens that CLIP was taught is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from limelight.cues.pretrained.clip import BATCH, CLIP
from limelight.cues.pretrained.loading import best_device, load, load_network
from limelight.cues.pretrained.sampling import Rows, unit_length


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
