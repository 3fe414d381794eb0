"""Controls, which stand in every table: what needs no model, and what knows the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limelight.app.judge.film_path import separated
from limelight.app.judge.plane import mono
from limelight.app.judge.remembering import remembering
from limelight.app.judge.trial import Mix, Trial
from limelight.dsp.gains import db_to_gain
from limelight.dsp.loudness import integrated_loudness
from limelight.evaluation.oracles import best_gain, best_remix
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.signals import STEMS

FIXED_LUFS = -27.0


@dataclass(frozen=True)
class Control:
    """A rule by name; the rule is a function of a module, so that it can be sent to another process."""

    name: str
    kind: Literal["control", "oracle"]
    rule: Callable[[Trial], Mix]
    mark: str = "1"
    needs_another: bool = False

    def remix(self, trial: Trial) -> Mix:
        return self.rule(trial)


def _untouched(trial: Trial) -> Mix:
    return Mix(trial.input, np.zeros((len(STEMS), 1)))


def _at_loudness(lufs: float, trial: Trial) -> Mix:
    found = integrated_loudness(trial.input, SAMPLE_RATE, layout=trial.layout)
    return Mix(trial.input * np.float32(db_to_gain(lufs - found)) if np.isfinite(found) else trial.input)


def _nearest_by_one_gain(trial: Trial) -> Mix:
    return Mix(trial.input * np.float32(best_gain(mono(trial.input), mono(trial.target))))


def _nearest_by_gains_on(stems: NDArray[np.float32], trial: Trial) -> Mix:
    return Mix(np.asarray(best_remix(trial.input, trial.target, stems, sample_rate=SAMPLE_RATE), np.float32))


def _on_true_stems(trial: Trial) -> Mix:
    return _nearest_by_gains_on(trial.spoilt, trial)


def _on_stems_of(model: str, trial: Trial) -> Mix:
    return _nearest_by_gains_on(separated(trial.input, remembering(model), layout=trial.layout), trial)


def fixed_loudness(lufs: float = FIXED_LUFS) -> Control:
    """The bad mix at one loudness, whatever it is."""
    name = f"fixed {lufs:g} LUFS".replace("-", "−")
    return Control(name, "control", partial(_at_loudness, lufs), f"1, {lufs:g}")


def gains_on_stems_of(model: str, called: str) -> Control:
    """The stems that a model finds, under the best gains: what is left is the separator's."""
    mark = f"1, {remembering(model).card.fingerprint}"
    return Control(best_gains_on(called), "oracle", partial(_on_stems_of, model), mark)


def best_gains_on(called: str) -> str:
    """What that row is called."""
    return f"best gains, stems of {called}"


DO_NOTHING = Control("do nothing", "control", _untouched)
BEST_GAIN = Control("best single gain", "oracle", _nearest_by_one_gain)
GAINS_ON_TRUE = Control("best gains, true stems", "oracle", _on_true_stems)
