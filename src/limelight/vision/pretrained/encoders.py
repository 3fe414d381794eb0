"""Pretrained encoders: CLIP for pictures and words, T5 for sentences, hashed words without a network.

Weights through transformers: by name from the Hugging Face hub, kept in its cache, or from a folder of that format.

Nothing is imported before it is asked for, and no code that comes with a model is ever run.

CLIP watches: one picture a second as 768 numbers of length 1.

From VisAH (CVPR 2025): the image embedding of CLIP ViT-L/14 (Radford et al., 2021; weights MIT), L2-normalised. Ours
takes the picture nearest to the middle of each second, by its time; the shots and their words come from the classical
measurements, made on the same pass.

CLIP reads: sentences as numbers in the same space as its pictures, so that the two can be compared.

From CLIP (Radford et al., 2021): the text half of the model whose picture half is `ClipFrames`, projected and brought
to length 1. A caption longer than the 77 tokens that CLIP was taught is cut off.

Sentences as numbers: a T5 encoder, pooled to one vector a sentence.

From VisAH (CVPR 2025) and SemMix (arXiv 2601.08871): T5-XXL (Raffel et al., 2020), 4,096 wide. Neither says how a
caption's tokens become one vector. Ours is their mean (the sentence's end mark counts, padding does not), brought to
length 1, the same scaling as CLIP's; an empty sentence is all zeros. Smaller ones by name: `google/t5-v1_1-small` is
512 wide, -base 768, -large 1,024, -xl 2,048 (all Apache-2.0). `hashed` (256 wide) is no network at all (below).

Sentences as numbers without a language model: words, and pairs of neighbours, counted in places that a hash gives them.

Feature hashing (Weinberger et al., 2009): each token has a place and a sign, so that tokens that share a place cancel on
average and likeness of sentences is kept. It knows no meaning: "dark" is as far from "dim" as from "bright". But the cues'
words are some fifty phrases, always the same, and for telling these apart it does; nothing is fetched, nothing is loaded.
Numbers in the text are passed over, since the words beside them say the same.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from limelight.errors import ModelError
from limelight.runtime import placed
from limelight.types import Cues, Picture
from limelight.vision.encoder import PictureStatistics
from limelight.vision.pretrained.sampling import Image, Rows, centre_of, embedding_names, held, kept_frames, unit_length


def transformers() -> Any:
    """The module. Raises ModelError where the extra is not installed."""
    try:
        import transformers as module
    except ImportError as error:
        raise ModelError(
            "Wanted a pretrained encoder, found no transformers; from a clone: pip install -e '.[context]'."
        ) from error
    module.logging.set_verbosity_error()  # it reports every tensor of the half that we do not load
    return module


@contextmanager
def said_on_stderr() -> Iterator[None]:
    """What a package prints does not get between a program and its results."""
    with redirect_stdout(sys.stderr):
        yield


def load(kind: str, name: str, *, offline: bool = False, **options: Any) -> Any:
    """`kind`, a class of transformers, from the weights called `name`. Raises ModelError."""
    module = transformers()
    try:
        with said_on_stderr():  # some modules print while they are imported
            return getattr(module, kind).from_pretrained(name, local_files_only=offline, **options)
    except (OSError, ValueError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = "in the local cache (offline)" if offline else "by that name or in that folder"
        raise ModelError(
            f"Wanted {name!r} for {kind}, could not load it {where}: {reason} See `limelight models`."
        ) from error


def load_network(kind: str, name: str, *, device: str, offline: bool = False) -> Any:
    """A network ready to be asked: bfloat16 on an accelerator, float32 on a CPU. Raises ModelError."""
    import torch

    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    return placed(load(kind, name, offline=offline, dtype=dtype), device, name=name).eval()


def best_device() -> str:
    """ "cuda" where there is one, else "cpu"."""
    transformers()  # says what to install, where nothing is
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


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


T5_XXL = "google/t5-v1_1-xxl"
HASHED = "hashed"
WIDTHS = {256: HASHED, 512: "google/t5-v1_1-small", 768: "google/t5-v1_1-base", 1024: "google/t5-v1_1-large",
          2048: "google/t5-v1_1-xl", 4096: T5_XXL}  # fmt: skip
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
