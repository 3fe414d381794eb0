"""The command line with a model that remixes in one step: it works on films, and what it cannot do is one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli.test_cli import failing, left_behind, quickly
from fakes import remix_file
from films import Film, film_path

from limelight.runtime import devices

pytest.importorskip("onnx")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return Path(shutil.copy(film_path(Film(seconds=2.0, layout="5.1")), tmp_path / "holiday.mp4"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    return remix_file(folder / "tiny.onnx", mask=0.5, wave=0.1, context="cues", context_width=32)


def test_one_command_remixes_a_film(film: Path, model: Path) -> None:
    done = quickly("highlight", film, "--model", model, "--report", "--json", "--offline")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert left_behind(film.parent) == ["holiday.highlighted.html", "holiday.highlighted.mp4", "holiday.mp4"]
    assert facts["model"]["name"] == "tiny"
    assert facts["gains_db"] == {}
    assert facts["loudness_after_lufs"] == pytest.approx(facts["loudness_before_lufs"], abs=0.3)


@pytest.mark.slow
def test_told_nothing_and_sound_alone(film: Path, model: Path, tmp_path: Path) -> None:
    assert quickly("highlight", film, "--model", model, "--context", "none", "--strength", 0.5).returncode == 0
    sound = shutil.copy(film_path(Film(container="wav", picture=None, sound="pcm_s16le")), tmp_path / "talk.wav")
    done = quickly("highlight", sound, "--model", model)
    assert done.returncode == 0, done.stderr
    assert "without stems" in done.stderr


@pytest.mark.slow
def test_what_it_cannot_do_is_one_line(film: Path, model: Path, tmp_path: Path) -> None:
    for words in (
        ("highlight", film, "--model", model, "--music", -3),
        ("highlight", film, "--model", model, "--plan", tmp_path / "plan.json"),
    ):
        assert "limelight highlight" in failing(*words, code="E_MODEL", exit_code=5)
    assert "'cues'" in failing("highlight", film, "--model", model, "--context", "clip", code="E_MODEL", exit_code=5)
    nowhere = next(name for name in ("coreml", "directml", "cuda") if name not in devices())
    assert nowhere in failing("highlight", film, "--model", model, "--device", nowhere, code="E_MODEL", exit_code=5)
    said = failing("highlight", film, "--context", "cues", "--text-model", "x", code="E_USAGE", exit_code=2)
    assert "--text-model" in said
    assert left_behind(tmp_path) == ["holiday.mp4"]


@pytest.mark.slow
def test_a_damaged_or_foreign_file_is_refused(film: Path, model: Path, tmp_path: Path) -> None:
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.onnx").write_bytes(data)
    (tmp_path / "letter.onnx").write_text("Dear all,\n" * 100)
    (tmp_path / "letter.safetensors").write_text("Dear all,\n" * 100)
    for name in ("flipped.onnx", "letter.onnx", "letter.safetensors"):
        assert name in failing("highlight", film, "--model", tmp_path / name, code="E_MODEL", exit_code=5)
