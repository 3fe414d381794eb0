"""Reads the levels of film clips: CSV with film, clip (its number in the film), speech_lufs, music_lufs, effects_lufs.

Films go to the fit or to the check by the hash of their name, never by clip. End cards, which hold music alone at one
level, are left out. Under −60 LUFS a stem counts as not heard: separators leave traces of what is not there.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.types import STEMS

HEARD_LUFS = -60.0
END_CARD_LUFS = (-34.5, -32.5)  # music, and nothing else at all
FIT_SHARE = 0.8

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Clips:
    """Clips of films, ordered by film and number."""

    films: NDArray[np.str_]  # [N]
    numbers: NDArray[np.int64]  # [N]
    levels_lufs: Array  # [N, K], −∞ where a stem is not heard

    @property
    def heard(self) -> Flags:
        return np.isfinite(self.levels_lufs)

    def where(self, chosen: Flags) -> Clips:
        return Clips(self.films[chosen], self.numbers[chosen], self.levels_lufs[chosen])

    def neighbours(self, lag: int) -> NDArray[np.int64]:
        """Pairs of clips of one film whose numbers lie `lag` apart, [P, 2] as indices."""
        place = {key: index for index, key in enumerate(zip(self.films, self.numbers, strict=True))}
        pairs = [(index, place.get((film, number + lag))) for (film, number), index in place.items()]
        return np.array([pair for pair in pairs if pair[1] is not None], np.int64).reshape(-1, 2)


def read_clips(path: Path) -> Clips:
    """All clips but end cards."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: (row["film"], int(row["clip"])))
    levels = np.array([[float(row[f"{stem}_lufs"]) for stem in STEMS] for row in rows])
    speech, music, effects = levels.T
    low, high = END_CARD_LUFS
    card = np.isneginf(speech) & np.isneginf(effects) & (music >= low) & (music <= high)
    levels[levels <= HEARD_LUFS] = -np.inf
    films, numbers = np.array([row["film"] for row in rows]), np.array([int(row["clip"]) for row in rows])
    return Clips(films, numbers, levels).where(~card)


def at_hash(films: NDArray[np.str_]) -> Array:
    """Each film's name as a number in 0…1."""
    return np.array([int(hashlib.sha256(film.encode()).hexdigest()[:12], 16) / 16**12 for film in films])


def fit_and_check(clips: Clips) -> tuple[Clips, Clips]:
    """The clips of the films to fit, and of those to check."""
    to_fit = at_hash(clips.films) < FIT_SHARE
    return clips.where(to_fit), clips.where(~to_fit)
