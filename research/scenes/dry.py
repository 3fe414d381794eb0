"""The sounds of a scene before anybody mixes them: every stem at the same loudness, with a note of where it came from.

Arranged and varied as for any mixture (`mixtures`, `variety`: speeds, equalisers, rooms), music that may come in or leave,
placed between the loudspeakers. None of it depends on the kind of scene: twins have the same dry stems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.layouts import db_to_gain
from limelight.dataset.augmentation import Augmentation, equalised
from limelight.dataset.degrade import Stems
from limelight.dataset.levels import StemLevels
from limelight.dataset.mixtures import arrange
from limelight.dataset.sounds import SAMPLE_RATE, SoundLibrary
from limelight.types import STEMS
from research.scenes.placing import placed

REFERENCE_LUFS = -27.0
FADES = 0.3  # share of musics that come in, or leave, within the clip
COMES_IN_SECONDS, LEAVES_SECONDS = (0.5, 3.0), (1.5, 4.0)
ROOMS = Augmentation(
    speed=0.5, equaliser=0.3, low_pass_all=0.15, low_pass_one=0.1, air=0.5, speech_room=0.4, other_room=0.1
)


@dataclass(frozen=True, repr=False)
class Dry:
    """Stems [K, C, N] at −27 LUFS each, or silent; their levels are measured."""

    stems: Stems
    levels: StemLevels

    @property
    def mono(self) -> NDArray[np.float32]:
        """[K, N], the mean of the channels."""
        return np.asarray(self.stems.mean(axis=1))


def draw_dry(
    rng: np.random.Generator,
    cast: Sequence[str],
    library: SoundLibrary,
    *,
    seconds: float,
    layout: str = "mono",
    variety: Augmentation = ROOMS,
) -> Dry:
    """The stems of a cast, the others silent."""
    length = round(seconds * SAMPLE_RATE)
    stems = np.zeros((len(STEMS), length), np.float32)
    for k, stem in enumerate(STEMS):
        if stem in cast:
            stems[k] = arrange(rng, stem, library, length, variety)
    stems = equalised(rng, stems, variety)
    stems[STEMS.index("music")] *= _fade(rng, length)
    return _levelled(placed(rng, stems, layout=layout), layout)


def _levelled(stems: Stems, layout: str) -> Dry:
    found = StemLevels.of(stems, layout=layout)
    lufs = np.array([found.loudness_lufs[stem] for stem in STEMS])
    gains = db_to_gain(np.where(np.isfinite(lufs), REFERENCE_LUFS - lufs, -np.inf))  # silence becomes nothing at all
    return Dry((stems * gains[:, None, None]).astype(np.float32), StemLevels(found.powers * np.square(gains)[:, None]))


def _fade(rng: np.random.Generator, length: int) -> NDArray[np.float32]:
    """Ones, or a smooth way up from nothing, or down to it."""
    which, at = rng.random(), rng.uniform(0.1, 0.6)
    comes, leaves = rng.uniform(*COMES_IN_SECONDS), rng.uniform(*LEAVES_SECONDS)
    if which >= FADES:
        return np.ones(length, np.float32)
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    start, lasts = at * length / SAMPLE_RATE, comes if which < FADES / 2 else leaves
    up = np.sin(np.pi / 2 * np.clip((time - start) / lasts, 0, 1)) ** 2
    return up if which < FADES / 2 else 1 - up
