"""Finished films: what is not touched counts nothing, what is changed counts what it changed, and can be heard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeDirector, FakeSeparator
from typer.testing import CliRunner

from limelight.api import mixer_of
from limelight.cli.main import app
from limelight.media.audio_files import write_sound
from limelight.metrics import finished
from limelight.metrics.finished import best_gain, compared, evaluate_finished, fitted_distance, stretches

RATE = 48_000


def tones(seconds: float = 4.0) -> np.ndarray:
    """A low and a high tone that come and go, which the fake separator takes apart by region, [1, N]."""
    t = np.arange(round(seconds * RATE)) / RATE
    low, high = np.sin(2 * np.pi * 300 * t), np.sin(2 * np.pi * 6000 * t)
    return (0.2 * (low * (1 + np.sin(2 * np.pi * t)) / 2 + 0.5 * high))[None].astype(np.float32)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    written, path = tmp_path / "tones.wav", tmp_path / "films" / "tones.mov"
    path.parent.mkdir()
    write_sound(written, [tones()], sample_rate=RATE, layout="mono")
    return written.rename(path)  # files are known by what is in them; folders are searched for films by name


def by(monkeypatch: pytest.MonkeyPatch, *gains_db: float) -> None:
    """Every model is a fake one with these gains."""
    made = lambda name: mixer_of(FakeSeparator(presence=1.0), FakeDirector(gains_db), None)  # noqa: E731
    monkeypatch.setattr(finished, "mixer_named", made)


def test_a_gain_for_all_is_no_change() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(RATE).astype(np.float32) * np.float32(0.1)
    found = compared(x, x * np.float32(0.4), RATE)
    assert found.changed / found.whole < 1e-3
    wished = np.abs(rng.standard_normal((5, 60)))
    assert best_gain(2.5 * wished, wished) == pytest.approx(0.4, rel=1e-3)
    assert fitted_distance(2.5 * wished, wished) < 1e-2 * wished.sum()


def test_the_best_gain_is_no_worse_than_its_neighbours() -> None:
    rng = np.random.default_rng(2)
    a, b = np.abs(rng.standard_normal((2, 9, 600)))
    best = best_gain(a, b)
    every = slice(None, None, finished.GAIN_EVERY)
    cost = lambda g: float(np.abs(g * a[:, every] - b[:, every]).sum())  # noqa: E731
    assert cost(best) <= min(cost(best * f) for f in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0)) + 1e-9


def test_stretches_are_in_step_however_blocks_are_cut() -> None:
    x = np.arange(20, dtype=np.float32).reshape(2, 10)
    weights = np.array([0.5, 0.5], np.float32)
    given, made = [x[:, :3], x[:, 3:]], [2 * x[:, :7], 2 * x[:, 7:]]
    pairs = list(stretches(given, made, weights, samples=4))
    assert [len(a) for a, _ in pairs] == [4, 4, 2]
    np.testing.assert_allclose(np.concatenate([a for a, _ in pairs]), weights @ x)
    for a, b in pairs:
        np.testing.assert_allclose(b, 2 * a)


def test_a_film_that_nobody_touches_is_untouched(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by(monkeypatch, 0.0, 0.0, 0.0)
    found = evaluate_finished([film.parent], tmp_path / "out", model="fake")
    assert found.untouched_share == 1
    assert found.mean_change == 0
    assert "Nothing was changed" in (tmp_path / "out" / "finished.html").read_text(encoding="utf-8")


def test_what_is_changed_is_measured_and_can_be_heard(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by(monkeypatch, 6.0, 0.0, -6.0)
    found = evaluate_finished([film.parent], tmp_path / "out", model="fake")
    (one,) = found.films
    assert not one.untouched
    assert 0.1 < one.change < 1
    assert one.gains_db["speech"] == pytest.approx(6.0, abs=0.1)
    (moment,) = one.moments
    assert moment.gains_db["effects"] == pytest.approx(-6.0, abs=0.1)
    assert "because" in moment.reason
    page = (tmp_path / "out" / "finished.html").read_text(encoding="utf-8")
    assert page.count("data:audio/mp4") == 2
    assert "tones.mov" in page


def test_what_is_known_is_not_measured_again(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by(monkeypatch, 6.0, 0.0, -6.0)
    first = evaluate_finished([film], tmp_path / "out", model="fake")
    monkeypatch.setattr(finished, "measure_film", lambda *_, **__: pytest.fail("measured again"))
    assert evaluate_finished([film], tmp_path / "out", model="fake").films == first.films


def test_one_bad_film_is_listed_and_the_others_are_measured(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by(monkeypatch, 0.0, 0.0, 0.0)
    (film.parent / "broken.mp4").write_bytes(b"no film")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["evaluate", "films", "--finished", "--into", "out", "--json", "--quiet"])
    told = json.loads(done.stdout[: done.stdout.rindex("}") + 1])
    assert done.exit_code != 0
    assert told["films"] == 1
    assert list(told["failed"]) == ["broken.mp4"]


def test_two_models_at_once_are_refused(film: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["evaluate", str(film.parent), "--finished", "--into", str(tmp_path / "out"), "--models", "a,b"]
    )
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()
