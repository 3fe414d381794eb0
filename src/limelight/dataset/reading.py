"""A built data set for training, clip by clip, as NumPy arrays; and the check that it is what it says.

`MuddyMix` has a length and gives items by number, which is all that torch's `DataLoader` asks of a data set; no torch here.
Input and target are read as they were built, or degraded anew in every epoch (online degradation): what is sampled depends
on the seed, the epoch and the clip's name, never on the order or the number of workers. `check_dataset` reads everything:
no split leaks, by name or by sound, every file is there and unchanged, stems sum to their target.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import gain_to_db
from limelight.dataset.build_state import keeps_trivial
from limelight.dataset.clips import CLIPS, read_clip_sound, read_cues, read_recipe, read_stems
from limelight.dataset.degrade import Degradation, DegradationChoice, Pair, degrade, sample_degradation
from limelight.dataset.levels import StemLevels
from limelight.dataset.manifest import SPLITS, Entry, check_leakage, read_manifest
from limelight.dataset.splits import check_content, fingerprint
from limelight.errors import Damaged, InputError
from limelight.types import Samples


class Item(TypedDict):
    """One clip. Items of one data set have equal shapes, so that they make batches."""

    name: str
    input: Samples  # [C, N]
    target: Samples  # [C, N]
    stems: NDArray[np.float32]  # [K, C, N], of the target
    gains_db: NDArray[np.float32]  # [K], what was done to each stem, the mean over time; minus this is the truth
    cues: NDArray[np.float32]  # [T, D]


class MuddyMix:
    """The clips of a split, or of all."""

    def __init__(
        self,
        folder: Path | str,
        split: str | None = None,
        *,
        recipes: Sequence[str] = (),
        seed: int = 0,
        trivial: bool | None = None,
    ) -> None:
        """recipes: degrade online by these ("paper", "timevarying:low", "none"), one sampled for each clip and epoch;
        without any, the pairs are those that were built. trivial: also pairs that teach nothing; None is as the data
        set was built, so that `--keep-trivial` means what it says.
        Raises InputError.
        """
        if split is not None and split not in SPLITS:
            raise InputError(f"Wanted the split {split!r}; there are {', '.join(SPLITS)}.")
        self.folder, self.seed, self.epoch = Path(folder), seed, 0
        self.wishes = tuple(map(DegradationChoice.of, recipes))
        also = bool(self.wishes) or (keeps_trivial(self.folder) if trivial is None else trivial)
        self.entries: tuple[Entry, ...] = tuple(
            entry
            for entry in read_manifest(self.folder)
            if split in (None, entry.split) and (also or not entry.trivial)
        )

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, number: int) -> Item:
        entry = self.entries[number]
        cues = read_cues(self.folder, entry.name)
        if self.wishes:
            pair = self._degraded(entry)
            return _item(entry, pair.input, pair.target, pair.stems, pair.degradation, cues)
        stems, degradation = read_stems(self.folder, entry.name), read_recipe(self.folder, entry.name)
        given = read_clip_sound(self.folder, entry.name, "input")
        target = read_clip_sound(self.folder, entry.name, "target")
        return _item(entry, given, target, stems, degradation, cues)

    def set_epoch(self, epoch: int) -> None:
        """Samples anew. Loaders with lasting workers must be made again to hear of it."""
        self.epoch = epoch

    def _degraded(self, entry: Entry) -> Pair:
        stems = read_stems(self.folder, entry.name)
        mark = int(hashlib.sha256(entry.name.encode()).hexdigest()[:16], 16)
        rng = np.random.default_rng([self.seed, self.epoch, mark])
        levels = StemLevels.of(stems, layout=entry.layout)
        degradation = sample_degradation(rng, self.wishes[int(rng.integers(len(self.wishes)))], levels)
        return degrade(stems, degradation, layout=entry.layout, levels=levels)


def check_sounds(entry: Entry, *sounds: NDArray[np.float32]) -> None:
    """Whether sounds [..., C, N] of a clip are as long as its line says, and as wide. Raises InputError."""
    shape = (2 if entry.layout == "stereo" else 1, round(entry.seconds * entry.sample_rate))
    if any(sound.shape[-2:] != shape for sound in sounds):
        raise InputError(
            f"Wanted sounds of {entry.seconds:g} s, {entry.layout}, in {entry.name}, found others; build the set again."
        )


def _item(
    entry: Entry,
    given: Samples,
    target: Samples,
    stems: NDArray[np.float32],
    degradation: Degradation,
    cues: NDArray[np.float32],
) -> Item:
    check_sounds(entry, given, target, stems)
    if cues.ndim != 2:
        raise InputError(f"Wanted cues of every second in {entry.name}, found {cues.shape}; build the set again.")
    gains = degradation.gains_db.mean(axis=1).astype(np.float32)
    return Item(name=entry.name, input=given, target=target, stems=stems, gains_db=gains, cues=cues)


EXACT_DB = -90.0  # the largest error of a sum of stems


def check_dataset(folder: Path, *, progress: Callable[[float, float], None] | None = None) -> list[Entry]:
    """Reads everything once, a clip at a time; gives the entries. Raises Leakage, Damaged, InputError."""
    entries = read_manifest(folder)
    check_leakage(entries)
    prints = []
    for number, entry in enumerate(entries, 1):
        _check_files(folder, entry)
        target = read_clip_sound(folder, entry.name, "target")
        _check_sum(folder, entry, target)
        prints.append(fingerprint(target))
        if progress:
            progress(number, len(entries))
    check_content(entries, prints)
    return entries


def _check_files(folder: Path, entry: Entry) -> None:
    for name, sha256 in entry.files.items():
        path = folder / CLIPS / entry.name / name
        if not path.is_file():
            raise Damaged(f"{path} is listed and missing; remove {folder / 'sources'} and build again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise Damaged(f"{path} is not the file that was built; remove {folder / 'sources'} and build again.")


def _check_sum(folder: Path, entry: Entry, target: Samples) -> None:
    error = np.abs(read_stems(folder, entry.name).sum(axis=0, dtype=np.float64) - target).max(initial=0)
    if (error_db := float(gain_to_db(error))) > EXACT_DB:
        raise Damaged(f"The stems of {entry.name} miss its target by {error_db:.0f} dBFS; build it again.")
