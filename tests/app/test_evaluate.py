"""The evaluation's controls behave as theory says, on a tiny library with the packaged model."""

from __future__ import annotations

import numpy as np
import pytest

from limelight.app.evaluate import judge, table
from limelight.evaluation import metrics
from limelight.evaluation.oracles import best_gain
from limelight.muddy.mixtures import Mixture
from limelight.muddy.recipes import NONE, Degradation
from limelight.runtime.registry import load_model


@pytest.fixture(scope="module")
def stems() -> np.ndarray:
    """Three sounds that share no band: a low tone, a middle one, a high noise, [K, N] at 48 kHz."""
    rng = np.random.default_rng(5)
    t = np.arange(3 * 48_000) / 48_000
    high = np.diff(rng.standard_normal(t.size + 1)) * 0.02
    return np.stack([0.1 * np.sin(2 * np.pi * 700 * t), 0.1 * np.sin(2 * np.pi * 130 * t), high]).astype(np.float32)


def test_a_single_gain_cannot_better_the_level_matched_figures(stems):
    row = judge(Mixture(stems, Degradation("paper", (-9.0, 9.0, 9.0))), load_model("lite", threads=1))
    assert row["best single gain/mag"] <= row["input/mag"]
    for name in ("mag_level_matched", "env_level_matched"):
        assert row[f"best single gain/{name}"] == pytest.approx(row[f"input/{name}"], rel=1e-3)
    assert row["input/gain_error_db"] == pytest.approx(8.0)  # gains 9, −9, −9 about their mean −3
    assert "do nothing" in table(row, row, 1)


def test_doing_nothing_to_a_good_mix_is_perfect(stems):
    row = judge(Mixture(stems, NONE), load_model("lite", threads=1))
    assert row["input/mag"] == 0
    assert row["input/gain_error_db"] == 0


def test_best_gain_finds_a_known_gain(stems):
    x = stems.sum(axis=0)
    assert best_gain(x, 2 * x) == pytest.approx(2, rel=1e-3)
    assert metrics.mag(best_gain(x, 2 * x) * x, 2 * x) < 1e-3
