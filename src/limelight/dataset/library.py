"""Where the sounds of scenes come from: sound libraries with a manifest, or plain folders of one stem each.

A plain folder needs nothing but files: what lies in one subfolder is one speaker (track, recording), a file that lies
in none is its own; groups go to a split by their hash, as films do. Every sound that is used is noted, so that a clip can
say what it was made of, and the manifest's checker can see to it that no group is in two splits.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.manifest import SPLITS, Source
from limelight.dataset.sounds import (
    FOLDER_NAMES,
    SAMPLE_RATE,
    Sound,
    SoundLibrary,
    StemSounds,
    open_stem_sounds,
    read_manifest,
)
from limelight.dataset.splits import SHARES, SplitAssignment
from limelight.errors import InputError
from limelight.types import STEMS

SOUND_SUFFIXES = frozenset([".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".wma"])
NOT_STATED = "not stated"

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class SplitLibrary:
    """Folders by stem, in the order in which they are sampled from; a plain record, for workers."""

    folders: Mapping[str, tuple[Path, ...]]
    cache: Path
    licence: str = NOT_STATED  # where a manifest says nothing
    shares: tuple[float, float, float] = SHARES

    @classmethod
    def of(
        cls,
        *,
        libraries: tuple[Path, ...] = (),
        cache: Path,
        licence: str = NOT_STATED,
        **folders: tuple[Path, ...],
    ) -> SplitLibrary:
        """Libraries, and folders by stem; each stem needs one at least. Raises InputError."""
        found = {stem: [*folders.get(stem, ())] for stem in STEMS}
        for folder in libraries:
            for stem in sorted({FOLDER_NAMES[row["kind"]] for row in read_manifest(folder)}):
                found[stem].append(folder)
        for stem, where in found.items():
            if not where:
                raise InputError(f"Wanted sounds for scenes, found no {stem}; give --library or --{stem} DIR.")
        return cls({stem: tuple(where) for stem, where in found.items()}, cache, licence)

    def rows(self, stem: str) -> Iterator[tuple[Path, Rows]]:
        """Each folder of a stem, and what it holds."""
        for folder in self.folders[stem]:
            yield folder, list(self._listed(folder, stem))

    def splits(self) -> tuple[str, ...]:
        """The splits that have sounds of every stem."""
        there = [{row["split"] for _, rows in self.rows(stem) for row in rows} for stem in STEMS]
        return tuple(split for split in SPLITS if all(split in found for found in there))

    def digest(self) -> str:
        """Changes with what is listed: names, splits, groups."""
        listed = [[stem, [sorted(row.items()) for _, rows in self.rows(stem) for row in rows]] for stem in STEMS]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]

    def open(self, split: str) -> TaggedLibrary:
        """The sounds of a split, decoded into the cache where they are not yet. Raises InputError."""
        shelves: dict[str, tuple[StemSounds, ...]] = {}
        for stem in STEMS:
            here = [(folder, [row for row in rows if row["split"] == split]) for folder, rows in self.rows(stem)]
            shelves[stem] = tuple(self._shelf(folder, rows, split, stem) for folder, rows in here if rows) or (
                self._shelf(here[0][0], [], split, stem),
            )  # tells what is missing
        return TaggedLibrary(shelves)

    def _shelf(self, folder: Path, rows: Rows, split: str, stem: str) -> TaggedSounds:
        shelf = open_stem_sounds(folder, rows, split, stem, self.cache)
        licences = {row["file"]: row.get("licence") or self.licence for row in rows}
        return TaggedSounds(shelf.samples, shelf.sounds, folder, stem, licences)

    def _listed(self, folder: Path, stem: str) -> Iterator[dict[str, str]]:
        if (folder / "manifest.csv").is_file():
            yield from (row for row in read_manifest(folder) if FOLDER_NAMES[row["kind"]] == stem)
            return
        if not folder.is_dir():
            raise InputError(f"Wanted {stem} in {folder}, which is not a folder; give one with sound files.")
        splits = SplitAssignment(self.shares)
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith("."):
                name = path.relative_to(folder)
                group = f"{stem}-{name.parts[0] if len(name.parts) > 1 else name.stem}"
                yield {"file": name.as_posix(), "kind": stem, "split": splits.sample(group), "group": group}


@dataclass(frozen=True, repr=False)
class TaggedSounds(StemSounds):
    """Sounds of one stem that note what is taken from them."""

    folder: Path
    stem: str
    licences: Mapping[str, str]  # by file
    taken: dict[str, tuple[Sound, int]] = field(default_factory=dict)  # file → the sound, and where it was first cut

    def cut(self, sound: Sound, start: int, length: int) -> NDArray[np.float32]:
        self.taken.setdefault(sound.file, (sound, start))
        return super().cut(sound, start, length)

    def sources(self) -> Iterator[Source]:
        """What was taken, in order."""
        for file, (sound, start) in sorted(self.taken.items()):
            yield Source(
                name=file,
                role=self.stem,
                group=sound.group,
                sha256=_sha256(self.folder / file),
                licence=self.licences.get(file, NOT_STATED),
                start_seconds=round(start / SAMPLE_RATE, 6),
            )


@dataclass(frozen=True, repr=False)
class TaggedLibrary(SoundLibrary):
    """A library that can tell what a scene was made of."""

    def forget(self) -> None:
        """Begins a new scene."""
        for shelf in self._noted():
            shelf.taken.clear()

    def sources(self) -> tuple[Source, ...]:
        """All that was taken since, by stem."""
        return tuple(source for shelf in self._noted() for source in shelf.sources())

    def _noted(self) -> Iterator[TaggedSounds]:
        for stem in STEMS:
            yield from (shelf for shelf in self.shelves[stem] if isinstance(shelf, TaggedSounds))


@functools.lru_cache(maxsize=4096)
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
