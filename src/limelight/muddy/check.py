"""Is a data set what it says: no split leaks, every file is there and unchanged, stems sum to their target."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from limelight.dsp.gains import gain_to_db
from limelight.errors import Damaged
from limelight.muddy.clips import CLIPS, read_clip_sound, read_stems
from limelight.muddy.manifest import Entry, check_leakage, read_manifest

EXACT_DB = -90.0  # the largest error of a sum of stems


def check_dataset(folder: Path, *, progress: Callable[[float, float], None] | None = None) -> list[Entry]:
    """Reads everything once, a clip at a time; gives the entries. Raises Leakage, Damaged, InputError."""
    entries = read_manifest(folder)
    check_leakage(entries)
    for number, entry in enumerate(entries, 1):
        _check_files(folder, entry)
        _check_sum(folder, entry)
        if progress:
            progress(number, len(entries))
    return entries


def _check_files(folder: Path, entry: Entry) -> None:
    for name, sha256 in entry.files.items():
        path = folder / CLIPS / entry.name / name
        if not path.is_file():
            raise Damaged(f"{path} is listed and missing; remove {folder / 'sources'} and build again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise Damaged(f"{path} is not the file that was built; remove {folder / 'sources'} and build again.")


def _check_sum(folder: Path, entry: Entry) -> None:
    target = read_clip_sound(folder, entry.name, "target")
    error = np.abs(read_stems(folder, entry.name).sum(axis=0, dtype=np.float64) - target).max(initial=0)
    if (error_db := float(gain_to_db(error))) > EXACT_DB:
        raise Damaged(f"The stems of {entry.name} miss its target by {error_db:.0f} dBFS; build it again.")
