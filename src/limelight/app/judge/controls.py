"""Controls, which stand in every table: what needs no model, and what knows the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from limelight.app.judge.film_path import separated
from limelight.app.judge.plane import mono
from limelight.app.judge.remembering import remembering
from limelight.app.judge.trial import Trial
from limelight.dsp.gains import db_to_gain
from limelight.dsp.loudness import integrated_loudness
from limelight.evaluation.oracles import best_gain, best_remix
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.signals import Samples


@dataclass(frozen=True)
class DoNothing:
    """The bad mix as it is."""

    name: str = "do nothing"
    kind: Literal["control"] = "control"
    mark: str = "1"
    needs_another: bool = False

    def remix(self, trial: Trial) -> Samples:
        return trial.input


@dataclass(frozen=True)
class FixedLoudness:
    """The bad mix at one loudness, whatever it is."""

    lufs: float = -27.0
    kind: Literal["control"] = "control"
    needs_another: bool = False

    @property
    def name(self) -> str:
        return f"fixed {self.lufs:g} LUFS".replace("-", "−")

    @property
    def mark(self) -> str:
        return f"1, {self.lufs:g}"

    def remix(self, trial: Trial) -> Samples:
        found = integrated_loudness(trial.input, SAMPLE_RATE, layout=trial.layout)
        return trial.input * np.float32(db_to_gain(self.lufs - found)) if np.isfinite(found) else trial.input


@dataclass(frozen=True)
class BestGain:
    """The one gain that brings MAG lowest."""

    name: str = "best single gain"
    kind: Literal["oracle"] = "oracle"
    mark: str = "1"
    needs_another: bool = False

    def remix(self, trial: Trial) -> Samples:
        return trial.input * np.float32(best_gain(mono(trial.input), mono(trial.target)))


@dataclass(frozen=True)
class GainsOnTrue:
    """The true stems under the best gains, ten a second."""

    name: str = "best gains, true stems"
    kind: Literal["oracle"] = "oracle"
    mark: str = "1"
    needs_another: bool = False

    def remix(self, trial: Trial) -> Samples:
        return np.asarray(best_remix(trial.input, trial.target, trial.spoilt, sample_rate=SAMPLE_RATE), np.float32)


@dataclass(frozen=True)
class GainsOnSeparated:
    """The stems that a model finds, under the best gains: what is left is the separator's."""

    model: str
    kind: Literal["oracle"] = "oracle"
    needs_another: bool = False

    @property
    def name(self) -> str:
        return f"best gains, stems of {self.model}"

    @property
    def mark(self) -> str:
        return f"1, {remembering(self.model).card.fingerprint}"

    def remix(self, trial: Trial) -> Samples:
        found = separated(trial.input, remembering(self.model), layout=trial.layout)
        return np.asarray(best_remix(trial.input, trial.target, found, sample_rate=SAMPLE_RATE), np.float32)
