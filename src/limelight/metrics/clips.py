"""What is evaluated: clips of a built data set, or mixtures that are sampled from a sound library; each as methods get it.

The bad mix, what its picture says, and the truth, which only oracles look at. Methods have 48 kHz and any channels; metrics
compare the mean of the channels at 44,100 Hz (`mono`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import resample
from limelight.batch.engine import Engine
from limelight.dataset.build_state import keeps_trivial
from limelight.dataset.clips import CLIPS, read_clip_sound, read_cues, read_numbers, read_recipe, read_stems
from limelight.dataset.from_sounds import Progress, build_from_sounds
from limelight.dataset.manifest import MANIFEST, SPLITS, Entry, read_manifest
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError
from limelight.metrics.papers import SAMPLE_RATE as METRICS_RATE
from limelight.types import Cues, Samples, Shot
from limelight.vision.cues import CUE_NAMES, NO_PICTURE
from limelight.vision.encoder import ContextChoice

LIBRARY = "manifest.csv"
MIXTURES, SOUNDS = "mixtures", "sounds"
SAMPLED = 200  # of each kind, where nothing is said


def mono(samples: Samples) -> NDArray[np.float32]:
    """A soundtrack [C, N] at 48 kHz as metrics hear it, [M]."""
    return np.asarray(monos(samples[None])[0])


def monos(sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same for several, [K, C, N] to [K, M]."""
    return resample(np.asarray(sounds.mean(axis=1), np.float32), SAMPLE_RATE, METRICS_RATE)


@dataclass(frozen=True, repr=False)
class EvalData:
    """Clips, and where they are."""

    folder: Path
    everything: Sequence[Entry]  # of all splits
    entries: Sequence[Entry]  # that are to be evaluated
    others: Sequence[Entry]  # whose pictures may stand in


def open_eval_data(
    place: Path,
    split: str,
    count: int | None,
    *,
    into: Path,
    trivial: bool | None = None,
    cache: Path | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    sampling: Progress | None = None,
) -> EvalData:
    """The clips of a split. A library's mixtures are sampled into `into`, its decoded sounds kept in `cache`.

    count: so many clips of a data set, evenly spread, or the first mixtures of each kind. trivial: also pairs that teach
    nothing; None is as the data set was built. Raises InputError, OutputError.
    """
    check_split(split)
    if not is_library(place):
        everything = read_manifest(place)
        also = keeps_trivial(place) if trivial is None else trivial
        others = chosen(everything, split, None, trivial=also)
        return EvalData(place, everything, chosen(everything, split, count, trivial=also), others)
    folder, sounds = into / MIXTURES, cache or into / SOUNDS
    entries = build_from_sounds(
        place,
        folder,
        count=count or SAMPLED,
        split=split,
        cache=sounds,
        workers=workers,
        engine=engine,
        progress=sampling,
    )
    return EvalData(folder, entries, entries, entries)


def is_library(place: Path) -> bool:
    """Whether sounds lie there, and no clips."""
    return (place / LIBRARY).is_file() and not (place / MANIFEST).is_file()


def chosen(entries: Sequence[Entry], split: str, count: int | None, *, trivial: bool = False) -> list[Entry]:
    """The clips of a split, or so many of them, evenly spread; trivial ones only where they are wanted. Raises InputError."""
    check_split(split)
    found = [entry for entry in entries if entry.split == split and (trivial or not entry.trivial)]
    if not found:
        there = sorted({entry.split for entry in entries if trivial or not entry.trivial})
        raise InputError(
            f"Wanted clips of the {split} split, found none; ask for --split {' or '.join(there)}, or build some."
            if there
            else "Wanted clips that teach something, found none; build some, or say --trivial."
        )
    places = np.linspace(0, len(found) - 1, min(count or len(found), len(found))).round().astype(int)
    return [found[n] for n in np.unique(places)]


def another_of(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """The clip whose picture stands in: any but its own, sampled by its name."""
    others = [one for one in entries if one.name != entry.name] or [entry]
    return others[int(hashlib.sha256(entry.name.encode()).hexdigest(), 16) % len(others)]


def check_split(split: str) -> None:
    """Raises InputError for a name that is none."""
    if split not in SPLITS:
        raise InputError(f"Wanted the split {split!r}; there are {', '.join(SPLITS)}.")


@dataclass(frozen=True, eq=False, repr=False)
class ShownCues:
    """The picture of a clip, in whatever form a model wants it."""

    folder: Path  # of the data set
    clip: str
    cues: Cues

    def context(self, choice: ContextChoice) -> NDArray[np.float32]:
        """Rows [M, D] of the measured cues, or of what was computed once and lies beside the clip. Raises InputError."""
        if choice.name == "cues":
            return self.cues.values
        path = self.folder / CLIPS / self.clip / choice.file
        try:
            return read_numbers(path)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(
                f"Wanted the context {choice.name!r} of {self.clip}, found no {path}; make it with `limelight contexts`."
            ) from error


@dataclass(frozen=True, eq=False, repr=False)
class Mix:
    """What a method makes of a clip."""

    samples: Samples  # [C, N] at 48 kHz
    gains_db: NDArray[np.floating] | None = None  # [K, T] that were decided, at the input's loudness, if any were


@dataclass(frozen=True, eq=False, repr=False)
class EvalClip:
    """A clip at 48 kHz."""

    name: str
    layout: str
    input: Samples  # [C, N]
    target: Samples  # [C, N]
    stems: NDArray[np.float32]  # [K, C, N], of the target
    degraded: NDArray[np.float32]  # [K, C, N], the same as they are in the input; their sum, but for a room and noise
    right_db: NDArray[np.float64]  # [K, T], the gains that undo what was done to the stems
    own: ShownCues
    another: ShownCues  # of another clip

    def __post_init__(self) -> None:
        if any(sound.shape[-2:] != self.input.shape for sound in (self.target, self.stems, self.degraded)):
            raise InputError(f"Wanted sounds of one length in {self.name}, found others; build the data set again.")

    @property
    def seconds(self) -> float:
        return float(self.input.shape[1] / SAMPLE_RATE)

    @property
    def is_good(self) -> bool:
        """Whether nobody degraded it."""
        return np.array_equal(self.input, self.target)

    @property
    def well_mixed(self) -> EvalClip:
        """The same clip with nothing to mend: what a method changes here is harm."""
        return replace(self, input=self.target, degraded=self.stems, right_db=np.zeros((len(self.stems), 1)))


def read_eval_clip(folder: Path, entry: Entry, other: Entry) -> EvalClip:
    """A clip of a data set, and the picture of another. Raises InputError, NotMedia."""
    stems, degradation = read_stems(folder, entry.name), read_recipe(folder, entry.name)
    return EvalClip(
        name=entry.name,
        layout=entry.layout,
        input=read_clip_sound(folder, entry.name, "input"),
        target=read_clip_sound(folder, entry.name, "target"),
        stems=stems,
        degraded=degradation.applied(stems),
        right_db=-degradation.gains_db,
        own=ShownCues(folder, entry.name, cues_of(folder, entry)),
        another=ShownCues(folder, other.name, cues_of(folder, other)),
    )


def cues_of(folder: Path, entry: Entry) -> Cues:
    """What the picture of a clip says; its shots are known by their cuts, not in words. Raises InputError."""
    values = read_cues(folder, entry.name)
    if values.ndim != 2 or values.shape[1] != len(CUE_NAMES):
        raise InputError(
            f"Wanted the {len(CUE_NAMES)} cues of this version for {entry.name}, found {values.shape}; build {folder} again."
        )
    return Cues(CUE_NAMES, values, _shots(entry.cuts_seconds, entry.seconds))


def _shots(cuts_seconds: Sequence[float], seconds: float) -> tuple[Shot, ...]:
    edges = [0.0, *(cut for cut in cuts_seconds if 0 < cut < seconds), seconds]
    return tuple(Shot(start, end, NO_PICTURE) for start, end in pairwise(edges))
