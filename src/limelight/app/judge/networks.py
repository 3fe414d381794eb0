"""KLD and ΔIB in a run: the networks that are asked for, loaded once by each process, and what they hear of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from limelight.evaluation.by_networks import delta_ib, kld
from limelight.evaluation.pretrained.listeners import Embedder, Image, Tagger, embedder_of, tagger_of
from limelight.muddy.clips import CLIPS
from limelight.muddy.manifest import Entry

Mono = NDArray[np.float32]


@dataclass(frozen=True)
class Networks:
    """By the names of `listeners`; "" for none."""

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

    def figures(self, output: Mono, target: Mono, images: Sequence[Image]) -> dict[str, float]:
        """Raw values by name, of mono sounds at 44.1 kHz and a clip's pictures."""
        found = {}
        if self.tagger:
            tagger = _tagger(self.tagger)
            found["kld"] = kld(tagger.logits(output), tagger.logits(target))
        if self.embedder:
            embedder = _embedder(self.embedder)
            pictures = embedder.pictures(images)
            found["delta_ib"] = delta_ib(embedder.sound(output), embedder.sound(target), pictures)
        return found


NO_NETWORKS = Networks()


def picture_names(entry: Entry) -> list[str]:
    """The pictures that a clip keeps, in order."""
    return sorted(name for name in entry.files if name.startswith("frames/"))


def read_pictures(folder: Path, entry: Entry) -> list[Image]:
    """The pictures of a clip, [H, W, 3] in RGB. Raises InputError."""
    images = []
    for name in picture_names(entry):
        path = folder / CLIPS / entry.name / name
        image = cv2.imread(str(path)) if path.is_file() else None
        if image is None:
            raise InputError(f"Wanted {path} of the data set, which cannot be read; build it again.")
        images.append(np.ascontiguousarray(image[:, :, ::-1], np.uint8))
    return images


@cache
def _tagger(name: str) -> Tagger:
    return tagger_of(name)


@cache
def _embedder(name: str) -> Embedder:
    return embedder_of(name)
