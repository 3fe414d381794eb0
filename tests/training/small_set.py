"""A built data set small enough for a test: one-second clips of every split, whose cues say which stem was moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dataset.stems import levels_of, make_stems

from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import DegradationChoice, degrade, sample_degradation
from limelight.dataset.manifest import Entry, Source, write_manifest
from limelight.types import Picture
from limelight.vision.cues import CUE_NAMES

SPLITS = ("train", "train", "train", "train", "validation", "validation", "test", "test")


def small_set(folder: Path, *, seconds: float = 1.0, pictures: bool = False) -> Path:
    """Four clips to learn from, two to watch, two to judge on."""
    write_manifest(folder, [_written(folder, n, split, seconds, pictures) for n, split in enumerate(SPLITS)])
    return folder


def _written(folder: Path, number: int, split: str, seconds: float, pictures: bool) -> Entry:
    rng = np.random.default_rng(number)
    stems = make_stems(seconds, seed=number, db=(-20, -24, -28))
    levels = levels_of(stems)
    made = degrade(
        stems, sample_degradation(rng, DegradationChoice.of("released:high"), levels), layout="mono", levels=levels
    )
    cues = np.zeros((int(np.ceil(seconds)), len(CUE_NAMES)), np.float32)
    cues[:, 0] = 1  # a picture is shown
    cues[:, 4] = number / len(SPLITS)
    cues[:, 1:4] = np.array([np.mean(curve) for curve in made.degradation.curves_db]) / 24 + 0.5
    shown = [Picture(second + 0.5, rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)) for second in range(len(cues))]
    source = Source(f"film-{number}", "film", f"film-{number}", "", "CC0", 0.0)
    name = f"clip-{number:02d}"
    cuts = (0.4,) if seconds > 0.8 else ()
    clip = Clip(name, split, "film", (source,), "known", made, cues, True, cuts, shown if pictures else ())
    return write_clip(folder, clip)
