"""One registered function is a new metric everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from dataset.stems import make_stems
from metrics.evaluator.sets import write_set
from typer.testing import CliRunner

from limelight.cli.main import app
from limelight.media.audio_files import write_sound
from limelight.metrics.papers import delta_ib, pooled, relevance_gap
from limelight.metrics.registry import BY_NAME, MIXTURE, Comparison, metric, pooled_over_clips, registered, size_of_mean


@pytest.fixture
def crest() -> Iterator[str]:
    @metric("crest_db", "crest factor", unit="dB", higher_is_better=True, needs=[MIXTURE])
    def crest_db(of: Comparison) -> float:
        return float(20 * np.log10(np.abs(of.output.samples).max() / np.sqrt(np.mean(np.square(of.output.samples)))))

    yield "crest_db"
    del BY_NAME["crest_db"]


def test_a_new_metric_is_one_function(crest: str, tmp_path: Path) -> None:
    """It stands in what `score` and `evaluate` say, and in the tables."""
    run = CliRunner().invoke
    for n in (0, 1):
        write_sound(tmp_path / f"{n}.wav", [make_stems(1.0, seed=n).sum(axis=0)], sample_rate=48_000, layout="mono")
    said = run(app, ["score", f"{tmp_path}/0.wav", "--target", f"{tmp_path}/1.wav", "--input", f"{tmp_path}/1.wav"])
    assert crest in said.stdout
    write_set(tmp_path / "set", clips=2, train=1, seconds=1.0)
    words = ["evaluate", f"{tmp_path}/set", "--into", f"{tmp_path}/out", "--models", "separate-and-level-film"]
    said = run(app, [*words, "--workers", "1", "--json", "--quiet", "--examples", "0"])
    assert json.loads(said.stdout)["rows"]["do nothing"]["figures"][crest]["value"] > 0
    assert "crest factor, dB ↑" in (tmp_path / "out" / "results.md").read_text()
    assert "crest factor, dB ↑" in (tmp_path / "out" / "results.html").read_text()


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'mag' already"):
        metric("mag", "another")(lambda of: 0.0)


def test_the_papers_are_printed_times_a_hundred_and_decibels_as_they_are() -> None:
    assert BY_NAME["mag"].shown(0.25) == 25.0
    assert BY_NAME["si_sdr_db"].shown(3.5) == 3.5
    assert all(metric.unit in ("dB", "LU") for metric in registered() if metric.name.endswith(("_db", "_lu")))
    assert {metric.name for metric in registered() if metric.higher_is_better} == {"si_sdr_db", "artefacts_db"}
    untouched = {metric.name for metric in registered() if metric.perfect_untouched}
    assert untouched == {"artefacts_db", *(metric.name for metric in registered() if metric.of_clean_mix)}


def test_env_is_pooled_as_the_released_code_does() -> None:
    values = np.random.default_rng(0).uniform(size=(3, 45))
    assert pooled_over_clips(values) == pytest.approx([pooled(row) for row in values])


def test_both_readings_of_delta_ib() -> None:
    """The mean of differences does not let two wrongs make a right; the difference of means does."""
    pictures, rng = np.eye(3), np.random.default_rng(1)
    gaps = [relevance_gap(*rng.normal(size=(2, 3)), pictures) for _ in range(50)]
    assert size_of_mean(np.array([gaps])) == pytest.approx(abs(np.mean(gaps)))
    assert size_of_mean(np.array([gaps]))[0] < np.mean(np.abs(gaps))
    assert delta_ib(pictures[0], pictures[0], pictures) == 0
