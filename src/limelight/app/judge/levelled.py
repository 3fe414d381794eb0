"""`separate-and-level`: taken apart, each stem set to its usual loudness, put together. The papers' DnRv3 + CDX.

What is usual: measured on the training targets of the data set (the median of where a stem is heard), or in films:

    stem       films, LUFS     source
    speech         −27         level priors of DnR v3 (Watcharasupat, Wu & Orife 2024), which follow the mixing
    music          −32         of films; effects are those in front
    effects        −32

Ours separates with our own model. A stem that is not heard stays as it is: its traces are not raised to a voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from limelight.app.judge.film_path import separated
from limelight.app.judge.remembering import remembering
from limelight.app.judge.trial import Mix, Trial
from limelight.app.report.words import number
from limelight.dsp.gains import db_to_gain
from limelight.dsp.loudness import integrated_loudness
from limelight.errors import InputError
from limelight.muddy.levels import StemLevels, heard
from limelight.muddy.manifest import Entry
from limelight.muddy.mixtures import PRIORS_LUFS
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.signals import STEMS

NAME, FILM_NAME = "separate-and-level", "separate-and-level-film"


@dataclass(frozen=True)
class Levelled:
    """A separator and the usual loudness of each stem."""

    model: str
    name: str
    usual_lufs: tuple[float, float, float]  # in the order of STEMS
    kind: Literal["method"] = "method"
    needs_another: bool = False

    @property
    def mark(self) -> str:
        return f"1, {remembering(self.model).card.fingerprint}, {self.usual_lufs}"

    @property
    def said(self) -> str:
        """What is usual, in words."""
        levels = ", ".join(f"{stem} {number(lufs)}" for stem, lufs in zip(STEMS, self.usual_lufs, strict=True))
        return f"{self.name} sets {levels} LUFS."

    def remix(self, trial: Trial) -> Mix:
        stems = separated(trial.input, remembering(self.model), layout=trial.layout)
        levels = StemLevels.of(stems, layout=trial.layout)
        gains_db = np.array(
            [
                wish - levels.loudness_lufs[stem] if stem in levels.audible else 0.0
                for stem, wish in zip(STEMS, self.usual_lufs, strict=True)
            ]
        )
        mix = np.einsum("k,kcn->cn", db_to_gain(gains_db).astype(np.float32), stems)
        before, after = (integrated_loudness(sound, SAMPLE_RATE, layout=trial.layout) for sound in (trial.input, mix))
        louder = after - before if np.isfinite(after - before) else 0.0
        return Mix(mix, gains_db[:, None] - louder)


def by_films(model: str) -> Levelled:
    """Stems as loud as in films."""
    return Levelled(model, FILM_NAME, _three([PRIORS_LUFS[stem][0] for stem in STEMS]))


def by_training(model: str, entries: Sequence[Entry]) -> Levelled:
    """Stems as loud as in the data set's training targets. Raises InputError where there are none."""
    return Levelled(model, NAME, usual_levels(entries))


def usual_levels(entries: Sequence[Entry]) -> tuple[float, float, float]:
    """The median loudness of each stem where it is heard in training targets, in LUFS. Raises InputError."""
    levels: dict[str, list[float]] = {stem: [] for stem in STEMS}
    for entry in entries:
        if entry.split == "train":
            for stem in heard(entry.loudness_lufs, entry.loudness_lufs["target"]):
                levels[stem].append(float(entry.loudness_lufs[stem] or 0.0))
    missing = [stem for stem, found in levels.items() if not found]
    if missing:
        raise InputError(
            f"Wanted the usual loudness of {', '.join(missing)}, no training clip of the data set has any; "
            f"build some, or ask for {FILM_NAME}."
        )
    return _three([round(float(np.median(levels[stem])), 2) for stem in STEMS])


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return values[0], values[1], values[2]
