"""Data sets without pictures, out of a sound library or plain folders of sounds.

Where the sounds of scenes come from: sound libraries with a manifest, or plain folders of one stem each.

A plain folder needs nothing but files: what lies in one subfolder is one speaker (track, recording), a file that lies
in none is its own; groups go to a split by their hash, as films do. Every sound that is used is noted, so that a clip can
say what it was made of, and the manifest's checker can see to it that no group is in two splits.

Mixtures of a sound library as a data set, without pictures: degraded ones by the papers' rule, and good ones left alone.

    number n ─► draw_mixture(seed, n)          ─► clips/degraded-SPLIT-n/
                draw_mixture(seed + 1, n)      ─► clips/good-SPLIT-n/

The form is that of any data set (`manifest`, `clips`), so whatever reads one reads this. Nothing is left out: a mixture of
one sound, where a recipe moves nothing but the level, is kept and labelled. Resumable, as the building of scenes is.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.batch.engine import Engine
from limelight.batch.queue import run_jobs
from limelight.dataset.build_state import BuildPart, finish, open_state, record, recorded
from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import Degradation, degrade
from limelight.dataset.levels import StemLevels
from limelight.dataset.manifest import SPLITS, Entry, Source, read_manifest
from limelight.dataset.mixtures import Mixture, SourceChoice, sample_mixture
from limelight.dataset.sounds import (
    FOLDER_NAMES,
    SAMPLE_RATE,
    Sound,
    SoundLibrary,
    StemSounds,
    open_stem_sounds,
    read_sound_manifest,
)
from limelight.dataset.splits import SHARES, SplitAssignment
from limelight.errors import InputError, SomeFailed
from limelight.types import STEMS
from limelight.vision.encoder import without_picture

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
            for stem in sorted({FOLDER_NAMES[row["kind"]] for row in read_sound_manifest(folder)}):
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
            yield from (row for row in read_sound_manifest(folder) if FOLDER_NAMES[row["kind"]] == stem)
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


SECONDS, SEED, BATCH = 10.0, 2026, 20
DEGRADED, GOOD = "degraded", "good"

# mixtures done, mixtures in all
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class MixtureBatch:
    """Some mixtures of one kind, by their numbers: the work of one process, and the unit of resuming."""

    kind: str
    first: int
    count: int
    folder: Path
    sounds: SplitLibrary
    split: str
    made_of: str  # the digest of the sounds

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.split}-{self.first:06d}"

    @property
    def facts(self) -> dict[str, Any]:
        """What its record says; where one of these is another, it is sampled again."""
        return {"count": self.count, "made_of": self.made_of}


def build_from_sounds(
    library: Path,
    folder: Path,
    *,
    count: int,
    split: str,
    cache: Path,
    workers: int | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> list[Entry]:
    """The first `count` mixtures of each kind, sampled into `folder` where they are not there yet.

    Raises InputError, Leakage, OutputError; SomeFailed where sounds could not be read.
    """
    sounds = SplitLibrary.of(libraries=(library,), cache=cache)
    open_state(folder, {"from": "mixtures", "seed": SEED, "clip_seconds": SECONDS, "layout": "mono"})
    sounds.open(split)  # decoded once, not by every worker
    batches = [
        MixtureBatch(kind, first, min(BATCH, count - first), folder, sounds, split, sounds.digest())
        for kind in (DEGRADED, GOOD)
        for first in range(0, count, BATCH)
    ]
    waiting = [batch for batch in batches if not _covered(batch)]
    sensible = max(1, min(workers or os.cpu_count() or 1, len(waiting)))
    for done, outcome in enumerate(run_jobs(sample_batch, waiting, engine=engine, workers=sensible), 1):
        if outcome.result is None:
            raise SomeFailed(f"mixtures of {library} could not be sampled: {outcome.message}")
        if progress:
            progress(done, len(waiting))
    finish(folder, [])
    wanted = {f"{batch.kind}-{split}-{batch.first + n:06d}" for batch in batches for n in range(batch.count)}
    return [entry for entry in read_manifest(folder) if entry.name in wanted]


def sample_batch(batch: MixtureBatch, report: Callable[[float], None]) -> BuildPart:
    """Writes the mixtures of a batch, then its record. Raises the errors of `limelight.errors`."""
    library = batch.sounds.open(batch.split)
    entries = []
    for number in range(batch.first, batch.first + batch.count):
        library.forget()
        mixture = mixture_of(batch.kind, number, library)
        entries.append(
            write_clip(batch.folder, _clip(f"{batch.kind}-{batch.split}-{number:06d}", mixture, batch, library))
        )
        report(number + 1 - batch.first)
    part = BuildPart(batch.name, batch.facts, tuple(entries))
    record(batch.folder, part)
    return part


def mixture_of(kind: str, number: int, library: TaggedLibrary) -> Mixture:
    """The mixture that stands at a place of the data set."""
    good = kind == GOOD
    rng = np.random.default_rng([SEED + good, number])
    return sample_mixture(rng, library, seconds=SECONDS, sources=SourceChoice(undegraded=float(good)))


def _clip(name: str, mixture: Mixture, batch: MixtureBatch, library: TaggedLibrary) -> Clip:
    stems = mixture.target_stems[:, None]
    levels = StemLevels.of(stems, layout="mono")
    pair = degrade(stems, Degradation.static(mixture.degradation), layout="mono", levels=levels)
    cues = without_picture(SECONDS).values
    return Clip(name, batch.split, "mixture", library.sources(), "known", pair, cues)


def _covered(batch: MixtureBatch) -> bool:
    """Whether its record, or that of a longer run of the same mixtures, is there."""
    longer = (batch.facts | {"count": count} for count in range(batch.count, BATCH + 1))
    return any(recorded(batch.folder, batch.name, facts) is not None for facts in longer)
