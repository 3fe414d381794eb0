"""A sound library of a few short files, known to its manifest, and plain folders of the same."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from dataset.shelves import shelf

from limelight.dataset.from_sounds import SplitLibrary
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.media.audio_files import write_sound
from limelight.types import STEMS

SPLITS = ("train", "test")


def write_library(folder: Path, *, stems: tuple[str, ...] = STEMS, splits: tuple[str, ...] = SPLITS) -> Path:
    """FOLDER/manifest.csv and, for every stem and split, a folder with two files of one group."""
    rows = []
    for stem in stems:
        for seed, split in enumerate(splits):
            sounds = shelf(stem, sounds=2, seconds=1.0, seed=seed)
            for n, sound in enumerate(sounds.sounds):
                path = folder / stem / f"{split}-speaker" / f"{n}.flac"
                path.parent.mkdir(parents=True, exist_ok=True)
                samples = sounds.cut(sound, 0, sound.length)[None]
                write_sound(path, [samples.astype(np.float32)], sample_rate=SAMPLE_RATE, layout="mono")
                kind = "sfx" if stem == "effects" else stem
                name = path.relative_to(folder).as_posix()
                rows.append(
                    {"file": name, "kind": kind, "split": split, "group": f"{stem}-{split}", "licence": "CC0 1.0"}
                )
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder


def split_library(folder: Path) -> SplitLibrary:
    return SplitLibrary.of(libraries=(folder,), cache=folder / "cache")
