from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from metrics.evaluator.sets import write_set

from limelight.errors import ModelError
from limelight.metrics.clips import EvalClip, Mix, mono, monos, read_eval_clip
from limelight.metrics.evaluate import figures_of, reference_of
from limelight.metrics.registry import measure

CLEAN = {"clean_mix_change", "clean_mix_gain_db", "clean_mix_decided_db"}


@dataclass(frozen=True)
class Louder:
    """Everything by a factor, and speech by another."""

    gain: float = 2.0
    speech: float = 1.0
    name: str = "louder"
    kind: str = "method"
    mark: str = "1"
    needs_another: bool = False

    def remix(self, clip: EvalClip) -> Mix:
        moved = clip.degraded * np.array([self.speech, 1, 1], np.float32)[:, None, None]
        gains_db = 20 * np.log10(self.gain * np.array([[self.speech], [1], [1]]))
        return Mix(np.float32(self.gain) * moved.sum(axis=0), gains_db)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> EvalClip:
    folder = tmp_path_factory.mktemp("set")
    entry = write_set(folder, clips=1, train=0)[0]
    return read_eval_clip(folder, entry, entry)


def figures(method: Louder, clip: EvalClip, *, clean_too: bool = True) -> dict[str, float]:
    return figures_of(method, clip, reference_of(clip), clean_too=clean_too)


def test_every_figure_is_that_of_the_metrics_on_mono_at_their_rate(clip: EvalClip) -> None:
    found = figures(Louder(speech=0.5), clip)
    output, target, stems = mono(Louder(speech=0.5).remix(clip).samples), mono(clip.target), monos(clip.stems)
    assert len(output) == 66_150
    others = {name: value for name, value in found.items() if "clean" not in name and "decided" not in name}
    assert others == pytest.approx(measure(output, target, stems=stems))
    assert set(found) - set(others) == CLEAN | {"decided_error_db"}


def test_harm_is_what_a_good_mix_suffers(clip: EvalClip) -> None:
    assert figures(Louder(), clip)["clean_mix_change"] < 1e-4  # loudness is no harm
    assert (
        figures(Louder(speech=0.25), clip)["clean_mix_change"]
        > 10 * figures(Louder(speech=0.98), clip)["clean_mix_change"]
    )


def test_harm_in_decibels_is_how_far_stems_were_moved(clip: EvalClip) -> None:
    """Speech down by 12 dB: one stem of three, told at the mix's loudness; and as it was decided."""
    found = figures(Louder(gain=1.0, speech=0.25), clip)
    assert found["clean_mix_decided_db"] == pytest.approx(12.04 / 3, abs=0.01)
    assert 12 / 3 - 1 < found["clean_mix_gain_db"] < 12 / 3 + 4
    assert figures(Louder(), clip)["clean_mix_gain_db"] < 1e-3  # loudness is no harm


def test_a_decision_is_judged_against_the_recipe(clip: EvalClip) -> None:
    right = -clip.right_db.mean(axis=1)  # what was done to the stems
    error = right - right.mean()
    assert figures(Louder(), clip)["decided_error_db"] == pytest.approx(np.abs(error).mean())


def test_a_clip_that_nobody_degraded_is_asked_for_once(clip: EvalClip) -> None:
    asked = []

    class Noting(Louder):
        def remix(self, clip: EvalClip) -> Mix:
            asked.append(clip.name)
            return super().remix(clip)

    good = clip.well_mixed
    assert good.is_good
    assert not clip.is_good
    found = figures(Noting(speech=0.5), good)
    assert asked == [good.name]
    assert found["clean_mix_change"] == pytest.approx(found["mag_level_matched"])
    assert "clean_mix_change" not in figures(Louder(), clip, clean_too=False)
    assert "clean_mix_change" not in figures(Louder(kind="picture"), clip)


@pytest.mark.parametrize(
    ("output", "match"), [(np.zeros((1, 5)), r"got \(1, 5\)"), (np.full((1, 72_000), np.nan), "with NaN")]
)
def test_what_is_no_mix_of_the_clip_is_refused(clip: EvalClip, output: np.ndarray, match: str) -> None:
    class Broken(Louder):
        def remix(self, clip: EvalClip) -> Mix:
            return Mix(output)

    with pytest.raises(ModelError, match=match):
        figures(Broken(), clip)
