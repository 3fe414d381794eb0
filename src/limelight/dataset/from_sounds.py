"""Mixtures of a sound library as a data set, without pictures: degraded ones by the papers' rule, and good ones left alone.

    number n ─► draw_mixture(seed, n)          ─► clips/degraded-SPLIT-n/
                draw_mixture(seed + 1, n)      ─► clips/good-SPLIT-n/

The form is that of any data set (`manifest`, `clips`), so whatever reads one reads this. Nothing is left out: a mixture of
one sound, where a recipe moves nothing but the level, is kept and labelled. Resumable, as the building of scenes is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limelight.dataset.build_state import Part, finish, open_state, record, recorded
from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import Degradation, degrade
from limelight.dataset.levels import StemLevels
from limelight.dataset.library import SplitLibrary, TaggedLibrary
from limelight.dataset.manifest import Entry, read_manifest
from limelight.dataset.mixtures import Mixture, SourceChoice, sample_mixture
from limelight.dataset.workers import run_jobs
from limelight.errors import SomeFailed
from limelight.vision.encoder import without_picture

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
    for done, outcome in enumerate(run_jobs(sample_batch, waiting, workers=sensible), 1):
        if outcome.result is None:
            raise SomeFailed(f"mixtures of {library} could not be sampled: {outcome.message}")
        if progress:
            progress(done, len(waiting))
    finish(folder, [])
    wanted = {f"{batch.kind}-{split}-{batch.first + n:06d}" for batch in batches for n in range(batch.count)}
    return [entry for entry in read_manifest(folder) if entry.name in wanted]


def sample_batch(batch: MixtureBatch, report: Callable[[float], None]) -> Part:
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
    part = Part(batch.name, batch.facts, tuple(entries))
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
