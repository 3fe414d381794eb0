"""train, contexts, export, ablate: from a built set to a file that ONNX Runtime runs, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from training.small_set import small_set

SMALL = ("--channels", 4, "--batch", 2, "--seconds", 1, "--steps", 2, "--workers", 0, "--cpu", "--threads", 1)


def limelight(*words: object, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "limelight", *map(str, words)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == exit_code, done.stderr
    return done


def test_train_then_export(tmp_path: Path) -> None:
    import onnxruntime

    dataset, into, onnx = small_set(tmp_path / "set"), tmp_path / "run", tmp_path / "small.onnx"
    trained = limelight("train", dataset, "--into", into, *SMALL, "--context", "cues", "--log-every", 1, "--watched", 2)
    assert trained.stdout.strip() == str(into / "checkpoint.safetensors")
    assert "step 2/2" in trained.stderr
    assert "steps/s" in trained.stderr
    assert "| do nothing |" in trained.stderr
    assert [set(json.loads(line)) for line in (into / "log.jsonl").read_text().splitlines()] == [
        {"step", "losses", "steps_per_second", "minutes_left"},
        {"step", "losses", "steps_per_second", "minutes_left"},
        {"step", "validation"},
    ]
    limelight("export", into, "-o", onnx, "--seconds", 1, "--licence", "CC0")
    about = json.loads(onnxruntime.InferenceSession(onnx).get_modelmeta().custom_metadata_map["limelight"])
    assert (about["preset"], about["context"], about["context_width"]) == ("visah", "cues", 32)
    assert (about["name"], about["licence"], about["samples"]) == ("small", "CC0", 44_100)
    assert about["training_data"] == "4 clips, 2 steps"


def test_what_is_wished_wrongly_is_one_line(tmp_path: Path) -> None:
    dataset = small_set(tmp_path / "set")
    for words, code, exit_code in (
        (("train", dataset, "--into", tmp_path / "a", *SMALL, "--context", "clip"), "E_INPUT", 3),
        (("train", dataset, "--into", tmp_path / "a", *SMALL, "--preset", "vista"), "E_MODEL", 5),
        (("train", tmp_path, "--into", tmp_path / "a", *SMALL), "E_INPUT", 3),
        (("export", tmp_path / "nowhere.safetensors", "-o", tmp_path / "a.onnx"), "E_MODEL", 5),
        (("ablate", dataset, "--into", tmp_path / "a", "--only", "few-*"), "E_INPUT", 3),
    ):
        said = limelight(*words, exit_code=exit_code).stderr.strip()
        assert said.startswith(f"{code}: ")
        assert "\n" not in said
    assert not (tmp_path / "a").exists()


def test_the_variants_can_be_listed(tmp_path: Path) -> None:
    named = limelight("ablate", tmp_path, "--into", tmp_path, "--names", "--only", "many-cue-rows-*").stdout.split()
    assert named == [f"many-cue-rows-L{depth}" for depth in (0, 3, 5, 6)]
