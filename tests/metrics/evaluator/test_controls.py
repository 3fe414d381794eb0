"""The controls behave as theory says, on a data set of known truth."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from metrics.evaluator.sets import install, model, write_set

from limelight.audio.loudness import integrated_loudness
from limelight.metrics.clips import EvalClip, read_eval_clip
from limelight.metrics.evaluate import figures_of, reference_of
from limelight.metrics.methods import BEST_GAIN, DO_NOTHING, GAINS_ON_TRUE, Method, fixed_loudness, gains_on_stems_of


def figures(method: Method, clip: EvalClip) -> dict[str, float]:
    return figures_of(method, clip, reference_of(clip))


@pytest.fixture(scope="module", params=[1, 2], ids=["mono", "stereo"])
def clips(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[EvalClip]:
    folder = tmp_path_factory.mktemp("set")
    entries = write_set(folder, train=0, channels=request.param)
    return [read_eval_clip(folder, entry, entry) for entry in entries]


def test_doing_nothing_does_no_harm_and_no_good(clips: list[EvalClip]) -> None:
    for clip in clips:
        assert np.array_equal(DO_NOTHING.remix(clip).samples, clip.input)
        found = figures(DO_NOTHING, clip)
        assert found["clean_mix_change"] == 0
        assert found["clean_mix_gain_db"] == pytest.approx(0, abs=1e-6)
        assert found["clean_mix_decided_db"] == 0
        assert found["decided_error_db"] > 1
        assert found["artefacts_db"] > 40
        assert found["mag"] > 0


@pytest.mark.slow
def test_a_single_gain_lowers_nothing_that_is_level_matched(clips: list[EvalClip]) -> None:
    for clip in clips:
        before = figures(DO_NOTHING, clip)
        for control in (fixed_loudness(), BEST_GAIN):
            after = figures(control, clip)
            for name in ("mag_level_matched", "env_level_matched", "gain_error_db", "balance_error_lu"):
                assert after[name] == pytest.approx(before[name], rel=1e-3)
            assert after["clean_mix_change"] < 1e-4
            assert after["clean_mix_gain_db"] < 1e-3
            assert "decided_error_db" not in after
        assert figures(BEST_GAIN, clip)["mag"] < 1.005 * before["mag"]  # every fourth frame is looked at


def test_the_best_gains_on_true_stems_reach_the_target(clips: list[EvalClip]) -> None:
    for clip in clips:
        before, after = figures(DO_NOTHING, clip), figures(GAINS_ON_TRUE, clip)
        for name in ("mag", "env", "w_dis", "mag_level_matched", "gain_error_db", "balance_error_lu"):
            assert after[name] < 0.02 * before[name]
        assert after["clean_mix_change"] < 1e-6


@pytest.mark.slow
def test_separated_stems_reach_less_than_true_ones_and_more_than_nothing(
    clips: list[EvalClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, lite=model())
    for clip in clips:
        before, true = figures(DO_NOTHING, clip), figures(GAINS_ON_TRUE, clip)
        after = figures(gains_on_stems_of("lite", "lite"), clip)
        assert true["si_sdr_db"] > after["si_sdr_db"] > before["si_sdr_db"]


def test_fixed_loudness_is_that(clips: list[EvalClip]) -> None:
    for clip in clips:
        mix = fixed_loudness().remix(clip).samples
        assert integrated_loudness(mix, 48_000, layout=clip.layout) == pytest.approx(-27, abs=0.01)
    assert fixed_loudness().name == "fixed −27 LUFS"
    assert fixed_loudness(-23).mark != fixed_loudness().mark


def test_controls_can_be_sent_to_another_process(clips: list[EvalClip]) -> None:
    for control in (DO_NOTHING, fixed_loudness(-23), BEST_GAIN, GAINS_ON_TRUE):
        sent = pickle.loads(pickle.dumps(control))  # noqa: S301
        assert (sent.name, sent.kind, sent.mark) == (control.name, control.kind, control.mark)
        clip = clips[0]
        assert np.array_equal(sent.remix(clip).samples, control.remix(clip).samples)
