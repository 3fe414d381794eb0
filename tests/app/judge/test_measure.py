from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from app.judge.sets import write_set

from limelight.app.judge.measure import Truth
from limelight.app.judge.plane import mono, monos
from limelight.app.judge.trial import Trial, read_trial
from limelight.errors import ModelError
from limelight.evaluation.analysed import Analysed, papers
from limelight.evaluation.artefacts import si_sdr_db
from limelight.evaluation.known_stems import with_stems


@dataclass(frozen=True)
class Louder:
    """Everything by a factor, and speech by another."""

    gain: float = 2.0
    speech: float = 1.0
    name: str = "louder"
    kind: str = "method"
    mark: str = "1"
    needs_another: bool = False

    def remix(self, trial: Trial) -> np.ndarray:
        moved = trial.spoilt * np.array([self.speech, 1, 1], np.float32)[:, None, None]
        return np.float32(self.gain) * moved.sum(axis=0)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("set")
    entry = write_set(folder, clips=1, train=0)[0]
    return Truth(read_trial(folder, entry, entry))


def test_every_figure_is_that_of_the_metrics_on_mono_at_their_rate(truth: Truth) -> None:
    found, trial = truth.figures(Louder(speech=0.5)), truth.trial
    output, target, stems = mono(Louder(speech=0.5).remix(trial)), mono(trial.target), monos(trial.stems)
    assert len(output) == 66_150
    slow = papers(Analysed(output), Analysed(target)) | with_stems(output, target, stems)
    slow["si_sdr_db"] = si_sdr_db(output, target)
    assert {name: value for name, value in found.items() if name != "harm"} == pytest.approx(slow)


def test_harm_is_what_a_good_mix_suffers(truth: Truth) -> None:
    assert truth.figures(Louder())["harm"] < 1e-4  # loudness is no harm
    assert truth.figures(Louder(speech=0.25))["harm"] > 10 * truth.figures(Louder(speech=0.98))["harm"]


@pytest.mark.parametrize(
    ("output", "match"), [(np.zeros((1, 5)), r"got \(1, 5\)"), (np.full((1, 72_000), np.nan), "with NaN")]
)
def test_what_is_no_mix_of_the_clip_is_refused(truth: Truth, output: np.ndarray, match: str) -> None:
    class Broken(Louder):
        def remix(self, trial: Trial) -> np.ndarray:
            return output

    with pytest.raises(ModelError, match=match):
        truth.figures(Broken())
