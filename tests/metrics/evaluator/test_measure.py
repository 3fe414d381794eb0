from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from metrics.evaluator.sets import write_set

from limelight.errors import ModelError
from limelight.metrics.analysed import Analysed, papers_metrics
from limelight.metrics.artefacts import si_sdr_db
from limelight.metrics.clips import EvalClip, Mix, mono, monos, read_eval_clip
from limelight.metrics.measure import Reference
from limelight.metrics.registry import OF_GOOD_MIXES, with_stems


@dataclass(frozen=True)
class Louder:
    """Everything by a factor, and speech by another."""

    gain: float = 2.0
    speech: float = 1.0
    name: str = "louder"
    kind: str = "method"
    mark: str = "1"
    needs_another: bool = False

    def remix(self, trial: EvalClip) -> Mix:
        moved = trial.spoilt * np.array([self.speech, 1, 1], np.float32)[:, None, None]
        gains_db = 20 * np.log10(self.gain * np.array([[self.speech], [1], [1]]))
        return Mix(np.float32(self.gain) * moved.sum(axis=0), gains_db)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("set")
    entry = write_set(folder, clips=1, train=0)[0]
    return Reference(read_eval_clip(folder, entry, entry))


def test_every_figure_is_that_of_the_metrics_on_mono_at_their_rate(truth: Reference) -> None:
    found, trial = truth.figures(Louder(speech=0.5)), truth.trial
    output, target, stems = mono(Louder(speech=0.5).remix(trial).samples), mono(trial.target), monos(trial.stems)
    assert len(output) == 66_150
    slow = papers_metrics(Analysed(output), Analysed(target)) | with_stems(output, target, stems)
    slow["si_sdr_db"] = si_sdr_db(output, target)
    others = {name: value for name, value in found.items() if name not in (*OF_GOOD_MIXES, "decided_error_db")}
    assert others == pytest.approx(slow)


def test_harm_is_what_a_good_mix_suffers(truth: Reference) -> None:
    assert truth.figures(Louder())["harm"] < 1e-4  # loudness is no harm
    assert truth.figures(Louder(speech=0.25))["harm"] > 10 * truth.figures(Louder(speech=0.98))["harm"]


def test_harm_in_decibels_is_how_far_stems_were_moved(truth: Reference) -> None:
    """Speech down by 12 dB: one stem of three, told at the mix's loudness; and as it was decided."""
    found = truth.figures(Louder(gain=1.0, speech=0.25))
    assert found["decided_harm_db"] == pytest.approx(12.04 / 3, abs=0.01)
    assert 12 / 3 - 1 < found["harm_gain_db"] < 12 / 3 + 4
    assert truth.figures(Louder())["harm_gain_db"] < 1e-3  # loudness is no harm


def test_a_decision_is_judged_against_the_recipe(truth: Reference) -> None:
    right = -truth.trial.right_db.mean(axis=1)  # what was done to the stems
    error = right - right.mean()
    assert truth.figures(Louder())["decided_error_db"] == pytest.approx(np.abs(error).mean())


def test_a_clip_that_nobody_spoilt_is_asked_for_once(truth: Reference) -> None:
    asked = []

    class Noting(Louder):
        def remix(self, trial: EvalClip) -> Mix:
            asked.append(trial.name)
            return super().remix(trial)

    good = Reference(truth.trial.well_mixed)
    assert good.trial.is_good
    assert not truth.trial.is_good
    found = good.figures(Noting(speech=0.5))
    assert asked == [good.trial.name]
    assert found["harm"] == pytest.approx(found["mag_level_matched"])
    assert "harm" not in Reference(truth.trial, harm_too=False).figures(Louder())
    assert "harm" not in truth.figures(Louder(kind="picture"))


@pytest.mark.parametrize(
    ("output", "match"), [(np.zeros((1, 5)), r"got \(1, 5\)"), (np.full((1, 72_000), np.nan), "with NaN")]
)
def test_what_is_no_mix_of_the_clip_is_refused(truth: Reference, output: np.ndarray, match: str) -> None:
    class Broken(Louder):
        def remix(self, trial: EvalClip) -> Mix:
            return Mix(output)

    with pytest.raises(ModelError, match=match):
        truth.figures(Broken())
