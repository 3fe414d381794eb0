"""A library of separate sounds: folders of speech, music and effects, ready to be cut and mixed.

The folder holds a `manifest.csv` with at least the columns file, kind (speech, music, sfx or effects), split and group.
Splits are by speaker, track and sound source, and are never crossed. Everything is decoded once, to 48 kHz mono in
16 bits, into one array per stem and split, which is then mapped rather than read.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import resample
from limelight.errors import InputError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.types import STEMS, Vector

SAMPLE_RATE = 48_000
OWN_SHARE = 0.5  # of samples from the library itself, where others were added
NEEDED_COLUMNS = ("file", "kind", "split", "group")
FOLDER_NAMES = {"speech": "speech", "music": "music", "sfx": "effects", "effects": "effects"}


@dataclass(frozen=True)
class Sound:
    """One file of the library, as a stretch of the stem's array."""

    file: str
    group: str
    start: int  # sample
    length: int  # samples


@dataclass(frozen=True)
class StemSounds:
    """All sounds of one stem in one split of one library."""

    samples: NDArray[np.int16]  # [N], mapped
    sounds: tuple[Sound, ...]

    def sample(self, rng: np.random.Generator) -> Sound:
        """A sound. Groups count by the root of their length: one voice of many hours must not be heard all the time."""
        return self.sounds[int(rng.choice(len(self.sounds), p=self._shares))]

    @cached_property
    def _shares(self) -> Vector:
        """The chance of each sound; within its group, by length."""
        seconds: dict[str, float] = defaultdict(float)
        for sound in self.sounds:
            seconds[sound.group] += sound.length
        shares = np.array([sound.length / seconds[sound.group] ** 0.5 for sound in self.sounds])
        return np.asarray(shares / shares.sum())

    def cut(self, sound: Sound, start: int, length: int) -> NDArray[np.float32]:
        """`length` samples of a sound from its sample `start` on, full scale ±1, [n]; shorter at its end."""
        first = sound.start + start
        last = min(first + length, sound.start + sound.length)
        return self.samples[first:last].astype(np.float32) / np.float32(32768)


@dataclass(frozen=True)
class SoundLibrary:
    """The sounds of one split, by stem: the library's own, then those of others that were added to it."""

    shelves: dict[str, tuple[StemSounds, ...]]

    @classmethod
    def open(cls, folder: Path, split: str, cache: Path, *, more: Iterable[Path] = ()) -> SoundLibrary:
        """Opens a split; decodes into `cache` what is not there yet. Libraries in `more` may lack stems."""
        rows = list(read_sound_manifest(folder))
        shelves = {stem: [open_stem_sounds(folder, rows, split, stem, cache)] for stem in STEMS}
        for other in more:
            rows = list(read_sound_manifest(other))
            for stem in {FOLDER_NAMES[row["kind"]] for row in rows if row["split"] == split}:
                shelves[stem].append(open_stem_sounds(other, rows, split, stem, cache))
        return cls({stem: tuple(found) for stem, found in shelves.items()})

    def sample_sounds(self, rng: np.random.Generator, stem: str) -> StemSounds:
        """The sounds of this stem from one library; its own are as likely as all that were added."""
        own, *added = self.shelves[stem]
        return own if not added or rng.random() < OWN_SHARE else added[int(rng.integers(len(added)))]


def read_sound_manifest(folder: Path) -> Iterator[dict[str, str]]:
    """The sounds that a library lists; rows of other kinds (video) are passed over. Raises InputError."""
    path = folder / "manifest.csv"
    if not path.is_file():
        raise InputError(f"A sound library needs {path}; it is not there. See docs/sounds.md for its columns.")
    with path.open(encoding="utf-8", newline="") as lines:
        table = csv.DictReader(lines)
        missing = [name for name in NEEDED_COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise InputError(f"{path} lacks the columns {', '.join(missing)}; see docs/sounds.md for what they hold.")
        for row in table:
            if row.get("kind") in FOLDER_NAMES:
                yield row


def open_stem_sounds(folder: Path, rows: list[dict[str, str]], split: str, stem: str, cache: Path) -> StemSounds:
    """The sounds of one stem and split among a manifest's rows, decoded where `cache` lacks them. Raises InputError."""
    rows = [row for row in rows if row["split"] == split and FOLDER_NAMES[row["kind"]] == stem]
    if not rows:
        raise InputError(f"The library {folder} lists no {stem} for the {split} split; add some to its manifest.csv.")
    key = hashlib.sha256("\n".join([str(folder.resolve()), *(row["file"] for row in rows)]).encode()).hexdigest()[:12]
    array, index = cache / f"{split}-{stem}-{key}.npy", cache / f"{split}-{stem}-{key}.json"
    if not (index.is_file() and array.is_file()):
        _decode_all(folder, rows, array, index)
    entries = json.loads(index.read_text(encoding="utf-8"))
    sounds = tuple(Sound(entry["file"], entry["group"], entry["start"], entry["length"]) for entry in entries)
    return StemSounds(np.load(array, mmap_mode="r"), sounds)


def _decode_all(folder: Path, rows: list[dict[str, str]], array: Path, index: Path) -> None:
    """Writes the array, then the index whose presence says that the array is whole.

    Both are written beside and renamed: another process may have the old array mapped, or be writing the same.
    """
    array.parent.mkdir(parents=True, exist_ok=True)
    sounds, parts, position = [], [], 0
    for row in rows:
        samples = _decode(folder / row["file"])
        sounds.append(Sound(row["file"], row.get("group") or row["file"], position, len(samples)))
        parts.append(samples)
        position += len(samples)
    draft = index.with_suffix(f".{os.getpid()}.part")
    with draft.open("wb") as file:
        np.save(file, np.concatenate(parts))
    os.replace(draft, array)
    draft.write_text(json.dumps([vars(sound) for sound in sounds]), encoding="utf-8")
    os.replace(draft, index)


def _decode(path: Path) -> NDArray[np.int16]:
    """A sound file as 48 kHz mono, [N]."""
    info = probe(path)
    soundtrack = choose_soundtrack(info, None)
    whole = np.concatenate(list(read_audio(info, soundtrack)), axis=1)
    mono = resample(whole.mean(axis=0, keepdims=True), soundtrack.sample_rate, SAMPLE_RATE)[0]
    return np.asarray(np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16))
