"""One clip as methods get it: the bad mix, what its picture says, and the truth, which only oracles look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.cues.catalogue import CUE_NAMES
from limelight.cues.describe import NO_PICTURE
from limelight.errors import InputError
from limelight.muddy.clips import CLIPS, read_clip_sound, read_cues, read_numbers, read_recipe, read_stems
from limelight.muddy.manifest import Entry
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.signals import Cues, Samples, Shot


@dataclass(frozen=True, eq=False, repr=False)
class Shown:
    """The picture of a clip, in whatever form a model wants it."""

    folder: Path  # of the data set
    clip: str
    cues: Cues

    def context(self, kind: str) -> NDArray[np.float32]:
        """Rows [M, D] of "cues", or of what was computed once and lies beside the clip ("clip", "captions", "words").

        Raises InputError.
        """
        if kind == "cues":
            return self.cues.values
        path = self.folder / CLIPS / self.clip / f"context-{kind}.npy"
        try:
            return read_numbers(path)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(
                f"Wanted the context {kind!r} of {self.clip}, found no {path}; compute it first."
            ) from error


@dataclass(frozen=True, eq=False, repr=False)
class Mix:
    """What a method makes of a clip."""

    samples: Samples  # [C, N] at 48 kHz
    gains_db: NDArray[np.floating] | None = None  # [K, T] that were decided, at the input's loudness, if any were


@dataclass(frozen=True, eq=False, repr=False)
class Trial:
    """A clip at 48 kHz."""

    name: str
    layout: str
    input: Samples  # [C, N]
    target: Samples  # [C, N]
    stems: NDArray[np.float32]  # [K, C, N], of the target
    spoilt: NDArray[np.float32]  # [K, C, N], the same as they are in the input; their sum, but for a room and noise
    right_db: NDArray[np.float64]  # [K, T], the gains that undo what was done to the stems
    own: Shown
    another: Shown  # of another clip

    def __post_init__(self) -> None:
        if any(sound.shape[-2:] != self.input.shape for sound in (self.target, self.stems, self.spoilt)):
            raise InputError(f"Wanted sounds of one length in {self.name}, found others; build the data set again.")

    @property
    def seconds(self) -> float:
        return float(self.input.shape[1] / SAMPLE_RATE)

    @property
    def is_good(self) -> bool:
        """Whether nobody spoilt it."""
        return np.array_equal(self.input, self.target)

    @property
    def well_mixed(self) -> Trial:
        """The same clip with nothing to do: what a method changes here is harm."""
        return replace(self, input=self.target, spoilt=self.stems, right_db=np.zeros((len(self.stems), 1)))


def read_trial(folder: Path, entry: Entry, other: Entry) -> Trial:
    """A clip of a data set, and the picture of another. Raises InputError, NotMedia."""
    stems, spoiling = read_stems(folder, entry.name), read_recipe(folder, entry.name)
    return Trial(
        name=entry.name,
        layout=entry.layout,
        input=read_clip_sound(folder, entry.name, "input"),
        target=read_clip_sound(folder, entry.name, "target"),
        stems=stems,
        spoilt=spoiling.applied(stems),
        right_db=-np.array(spoiling.curves_db),
        own=Shown(folder, entry.name, cues_of(folder, entry)),
        another=Shown(folder, other.name, cues_of(folder, other)),
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
