"""Sentences as numbers: a T5 encoder, pooled to one vector a sentence.

From VisAH (CVPR 2025) and SemMix (arXiv 2601.08871): T5-XXL (Raffel et al., 2020), 4,096 wide. Neither says how a
caption's tokens become one vector. Ours is their mean (the sentence's end mark counts, padding does not), brought to
length 1, the same scaling as CLIP's; an empty sentence is all zeros. Smaller ones by name: `google/t5-v1_1-small` is
512 wide, -base 768, -large 1,024, -xl 2,048 (all Apache-2.0). `hashed` (256 wide) is no network at all; see hashed_words.

Sentences as numbers without a language model: words, and pairs of neighbours, counted in places that a hash gives them.

Feature hashing (Weinberger et al., 2009): each token has a place and a sign, so that tokens that share a place cancel on
average and likeness of sentences is kept. It knows no meaning: "dark" is as far from "dim" as from "bright". But the cues'
words are some fifty phrases, always the same, and for telling these apart it does; nothing is fetched, nothing is loaded.
Numbers in the text are passed over, since the words beside them say the same.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from limelight.vision.pretrained.loading import best_device, load, load_network
from limelight.vision.pretrained.sampling import Rows, unit_length

T5_XXL = "google/t5-v1_1-xxl"
HASHED = "hashed"
WIDTHS = {256: HASHED, 512: "google/t5-v1_1-small", 768: "google/t5-v1_1-base", 1024: "google/t5-v1_1-large",
          2048: "google/t5-v1_1-xl", 4096: T5_XXL}  # fmt: skip
BATCH = 16
LONGEST_TOKENS = 512


class TextEncoder(Protocol):
    """A way to turn sentences into numbers."""

    @property
    def width(self) -> int:
        """D."""
        ...

    def embed(self, sentences: Sequence[str]) -> Rows:
        """[P, D], each of length 1; zeros for an empty sentence."""
        ...


class T5:
    """The encoder half of a T5 of transformers, by name or folder."""

    def __init__(self, name: str = T5_XXL, *, device: str | None = None, offline: bool = False) -> None:
        """Raises ModelError."""
        self._device = device or best_device()
        self._tokenizer: Any = load("AutoTokenizer", name, offline=offline)
        self._network: Any = load_network("T5EncoderModel", name, device=self._device, offline=offline)
        self.width = int(self._network.config.d_model)

    def embed(self, sentences: Sequence[str]) -> Rows:
        """Each different sentence is read once, whatever its number."""
        different = [sentence for sentence in dict.fromkeys(sentences) if sentence.strip()]
        known: dict[str, Rows] = {}
        for first in range(0, len(different), BATCH):
            batch = different[first : first + BATCH]
            known.update(zip(batch, self._read(batch), strict=True))
        nothing = np.zeros(self.width, np.float32)
        rows = [known.get(sentence, nothing) for sentence in sentences]
        return np.stack(rows) if rows else np.zeros((0, self.width), np.float32)

    def _read(self, sentences: list[str]) -> Rows:
        import torch

        tokens = self._tokenizer(
            sentences, padding=True, truncation=True, max_length=LONGEST_TOKENS, return_tensors="pt"
        ).to(self._device)
        with torch.inference_mode():
            states = self._network(input_ids=tokens.input_ids, attention_mask=tokens.attention_mask)
        states = states.last_hidden_state.float()  # [P, tokens, D]
        counts = tokens.attention_mask[..., None].float()
        mean = (states * counts).sum(1) / counts.sum(1)
        return unit_length(mean.cpu().numpy())


def text_encoder(name: str, *, device: str | None = None, offline: bool = False) -> TextEncoder:
    """By name: `hashed`, or a T5 by name or folder. Raises ModelError."""
    return HashedWords() if name == HASHED else T5(name, device=device, offline=offline)


WIDTH = 256


class HashedWords:
    """A `text_encoder.TextEncoder`."""

    width = WIDTH

    def embed(self, sentences: Sequence[str]) -> Rows:
        """[P, D], each of length 1; zeros for a sentence without words."""
        rows = np.zeros((len(sentences), self.width), np.float32)
        for row, sentence in zip(rows, sentences, strict=True):
            for token, count in Counter(tokens(sentence)).items():
                mark = int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "little")
                row[mark % self.width] += (1 if mark >> 63 else -1) * count**0.5
        return unit_length(rows)


def tokens(sentence: str) -> list[str]:
    """Words in small letters, and each with the next one."""
    words = re.findall(r"[^\W\d_]+", sentence.lower())
    return words + [f"{first} {second}" for first, second in pairwise(words)]
