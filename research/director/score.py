"""One case under one director: what the product's plan makes of it, and how far that is from what it should be.

distance    Σ | g |Y| − |T| | over the STFT of MAG, with the one gain g that fits best (convex in g, found by search)
levelled    the same at equal integrated loudness
ratio       distance of the output over distance of the given mix, both to the wished one
change      distance of the output to the given mix over Σ |T|: all of it is harm where the given mix is good
untouched   no gain reaches 0.1 dB
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import soxr
from numpy.typing import NDArray

from limelight.metrics import papers
from limelight.metrics.finished import fitted_distance
from limelight.mixing.controls import Controls
from limelight.mixing.plan import MixPlan, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.models.protocols import Director
from research.director.cases import SAMPLE_RATE, Case
from research.director.heard import Heard

Magnitudes = NDArray[np.float32]


@dataclass(frozen=True)
class Score:
    """Figures of one case; for good ones ratio and levelled are NaN."""

    name: str
    group: str
    talk: bool
    untouched: bool
    change: float
    ratio: float
    levelled: float
    levelled_before: float
    gains_db: tuple[float, float, float]  # mean absolute gain, less what all share


def planned(heard: Heard, director: Director, controls: Controls | None = None) -> MixPlan:
    """The plan that the product would make."""
    case = heard.case
    source = PlannedSource(
        name="case", duration_seconds=case.seconds, sample_rate=SAMPLE_RATE, layout="mono", audio_stream=0
    )
    measured, wishes = heard.measured, controls or Controls()
    return make_plan(heard.features, measured, case.cues, director, wishes, source, separator=heard.card)


def gains_of(plan: MixPlan, heard: Heard) -> NDArray[np.float32]:
    """Amplitude ratios by the separator's steps, [K, T]."""
    seconds = np.arange(heard.chunk.steps) * heard.card.hop / heard.card.sample_rate
    return np.asarray(10 ** (plan.at(seconds) / 20), np.float32)


@dataclass(frozen=True, repr=False)
class Reference:
    """What a case is compared with, analysed once, when it is first needed."""

    case: Case

    @cached_property
    def given(self) -> Magnitudes:
        return magnitudes(at_rate(self.case.given))

    @cached_property
    def _wished_sound(self) -> NDArray[np.float32]:
        return at_rate(self.case.wished)

    @cached_property
    def wished(self) -> Magnitudes:
        return magnitudes(self._wished_sound)

    @cached_property
    def wished_lufs(self) -> float:
        return papers.loudness_lufs(self._wished_sound)

    @cached_property
    def distance(self) -> float:
        """Of given to wished."""
        return fitted_distance(self.given, self.wished)

    @cached_property
    def levelled(self) -> float:
        """The same at equal loudness; NaN where given is wished."""
        if self.case.good:
            return float("nan")
        given_lufs = papers.loudness_lufs(at_rate(self.case.given))
        return levelled_distance(self.given, given_lufs, self.wished, self.wished_lufs)


def score(reference: Reference, output: NDArray[np.float32] | None, gains_db: NDArray[np.float64]) -> Score:
    """output: [N] at 48 kHz; None where nothing was touched."""
    case = reference.case
    apart = gains_db - gains_db.mean(axis=0)
    shown = np.abs(apart).mean(axis=1)
    if output is None:
        change, ratio, levelled = 0.0, np.nan if case.good else 1.0, reference.levelled
    else:
        out = at_rate(output)
        made = magnitudes(out)
        change = fitted_distance(made, reference.given) / float(reference.given.sum())
        ratio = levelled = np.nan
        if not case.good:
            ratio = fitted_distance(made, reference.wished) / max(reference.distance, 1e-9)
            lufs = papers.loudness_lufs(out)
            levelled = levelled_distance(made, lufs, reference.wished, reference.wished_lufs)
    means = (float(shown[0]), float(shown[1]), float(shown[2]))
    return Score(case.name, case.group, case.talk, output is None, change, ratio, levelled, reference.levelled, means)


def directed(reference: Reference, heard: Heard, director: Director, controls: Controls | None = None) -> Score:
    """One case under one director."""
    plan = planned(heard, director, controls)
    curves = plan.curves_db
    output = None if not curves.any() else heard.mixed(gains_of(plan, heard))
    return score(reference, output, curves)


def at_rate(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(soxr.resample(x, SAMPLE_RATE, papers.SAMPLE_RATE))


def magnitudes(x: NDArray[np.float32]) -> Magnitudes:
    return papers.magnitudes(x).astype(np.float32)


def levelled_distance(made: Magnitudes, have_lufs: float, wished: Magnitudes, wish_lufs: float) -> float:
    gain = papers.matching_gain(have_lufs, wish_lufs)
    return float(np.abs(np.float32(gain) * made - wished).sum(dtype=np.float64))
