"""Sentences as numbers without a language model: words, and pairs of neighbours, counted in places that a hash gives them.

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

import numpy as np

from limelight.cues.pretrained.sampling import Rows, unit_length

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
