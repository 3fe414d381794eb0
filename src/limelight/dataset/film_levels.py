"""Levels of speech, music and effects as real films have them, drawn together.

A small distribution fitted to published levels of some 2,600 ten-second clips of 321 films (action films mostly; good
mixes, taken apart by a cinematic separator). The papers draw each stem by itself: DnR v3 (Watcharasupat et al., 2024) has
speech −27 ± 4, music −32 ± 6, effects −32 ± 6 LUFS. In films a stem is often not heard at all, what is loud depends on
what else is heard, and a clip resembles the one before it.

The model is a mixture of Gaussians. Each state says which stems are heard and how loud they are together. In a film,
states follow one another as a Markov chain; where a level lies within its state is the sum of a part that the whole film
keeps and one drawn anew for each clip. The parameters are `film_levels_table`; `research/levels` fits and checks them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.film_levels_table import KEPT, STATES, TRANSITIONS
from limelight.types import STEMS

CLIP_SECONDS = 10.0
HEARD_LUFS = -60.0  # below, a stem counts as silent
LOUDEST_LUFS = -8.0  # no stem of the films is louder

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FilmLevels:
    """Integrated loudness of the stems of one clip, in LUFS; −∞ is silence."""

    speech_lufs: float
    music_lufs: float
    effects_lufs: float

    def by_stem(self) -> dict[str, float]:
        """The levels by the names of the stems."""
        return dict(zip(STEMS, (self.speech_lufs, self.music_lufs, self.effects_lufs), strict=True))

    @property
    def mix_lufs(self) -> float:
        """All stems together, whose powers add up as they do not resemble each other."""
        return _sum_lufs(self.by_stem().values())

    @property
    def loudest(self) -> str | None:
        """The stem that is loudest; None in silence."""
        stem, lufs = max(self.by_stem().items(), key=lambda item: item[1])
        return stem if math.isfinite(lufs) else None

    def over_rest_lu(self, stem: str) -> float:
        """How far a stem stands over all others together; ±∞ beside silence, NaN where all is silent."""
        levels = self.by_stem()
        return levels.pop(stem) - _sum_lufs(levels.values())


@dataclass(frozen=True)
class _State:
    """A kind of moment: which stems are heard, and the Gaussian of their levels."""

    weight: float
    heard: tuple[int, ...]  # of STEMS
    mean_lufs: Array  # [H]
    factor: Array  # [H, H], lower triangle; times itself the covariance

    def levels(self, residual: Array) -> FilmLevels:
        """The levels where each stem lies so many deviations, [K], from the mean."""
        lufs = np.full(len(STEMS), -np.inf)
        picked = list(self.heard)
        lufs[picked] = self.mean_lufs + self.factor @ residual[picked]
        lufs = np.where(lufs > HEARD_LUFS, np.minimum(lufs, LOUDEST_LUFS), -np.inf)
        return FilmLevels(*lufs.tolist())


def draw_levels(rng: np.random.Generator) -> FilmLevels:
    """The levels of one clip of some film; all silent in 4 of 1,000."""
    return draw_sequence(rng, 1)[0]


def draw_sequence(rng: np.random.Generator, count: int) -> list[FilmLevels]:
    """The levels of `count` clips of one film, each following the one before it at once."""
    states, transitions = _states()
    kept = np.array(KEPT)
    of_film = np.sqrt(kept) * rng.standard_normal(len(STEMS))
    at = int(rng.choice(len(states), p=[state.weight for state in states]))
    levels = []
    for _ in range(count):
        levels.append(states[at].levels(of_film + np.sqrt(1 - kept) * rng.standard_normal(len(STEMS))))
        at = int(rng.choice(len(states), p=transitions[at]))
    return levels


@cache
def _states() -> tuple[tuple[_State, ...], Array]:
    """The states of the table, and the chances of each to follow each, [S, S]; rounded figures made to sum to one."""
    total = sum(weight for weight, *_ in STATES)
    states = []
    for weight, heard, mean, factor in STATES:
        size = len(heard)
        lower = np.zeros((size, size))
        lower[np.tril_indices(size)] = factor
        states.append(_State(weight / total, tuple(STEMS.index(stem) for stem in heard), np.array(mean), lower))
    transitions = np.array(TRANSITIONS)
    return tuple(states), transitions / transitions.sum(axis=1, keepdims=True)


def _sum_lufs(levels: Iterable[float]) -> float:
    power = sum(10 ** (lufs / 10) for lufs in levels)
    return 10 * math.log10(power) if power > 0 else -math.inf
