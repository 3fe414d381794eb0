"""train, contexts, export, ablate: from a built set to a file that ONNX Runtime runs, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

pytest.importorskip("accelerate", reason="needs the extra `train`")

from accelerate.state import AcceleratorState
from training.small_set import small_set
from typer.testing import CliRunner

from limelight.cli.main import app
from limelight.dataset.reading import MuddyMix
from limelight.models.card import Card, check_seal
from limelight.models.registry import load_remixer
from limelight.training.contexts import context_width
from limelight.vision.encoder import ContextChoice

SMALL = ("--channels", 4, "--batch", 2, "--seconds", 1, "--steps", 2, "--workers", 0, "--cpu", "--threads", 1)
run = CliRunner()


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    """What a command sets for its process must not outlive it here, where all share one."""
    yield
    AcceleratorState._reset_state(True)
    assert torch.tensor(1e-40, dtype=torch.float32) + 0 != 0  # tiny numbers are not flushed to zero any more


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("set"))


def limelight(*words: object) -> str:
    """What a command that works says on stdout."""
    done = run.invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_train_tells_how_fast_and_how_good(dataset: Path, tmp_path: Path) -> None:
    into = tmp_path / "run"
    words = ["train", dataset, "--into", into, *SMALL, "--context", "cues", "--log-every", 1, "--validation-clips", 2]
    done = subprocess.run(
        [sys.executable, "-m", "limelight", *map(str, words)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(into / "checkpoint.safetensors")
    for said in ("step 2/2", "steps/s", "passages/s", "min left", "| do nothing |"):
        assert said in done.stderr
    told = {"step", "losses", "steps_per_second", "passages_per_second", "minutes_left"}
    lines = [set(json.loads(line)) for line in (into / "log.jsonl").read_text().splitlines()]
    assert lines == [told, told, {"step", "validation"}]


@pytest.mark.slow
def test_words_to_a_trained_network_to_onnx(dataset: Path, tmp_path: Path) -> None:
    import onnx

    into, path = tmp_path / "run", tmp_path / "small.onnx"
    assert limelight("contexts", dataset, "words", "--text-model", "hashed").strip() == str(dataset)
    assert context_width(MuddyMix(dataset), ContextChoice("words")) == 256
    limelight(
        "train", dataset, "--into", into, *SMALL, "--preset", "semmix", "--context", "words", "--validation-clips", 0
    )
    limelight("export", into, "-o", path, "--seconds", 1, "--licence", "CC0")
    check_seal(path)
    (text,) = (entry.value for entry in onnx.load(path).metadata_props if entry.key == "limelight")
    card = Card.model_validate_json(text)
    assert (card.name, card.preset, card.context, card.context_width) == ("small", "semmix", "words", 256)
    assert (card.licence, card.training_data, card.samples) == ("CC0", "4 clips, 2 steps", 44_100)


@pytest.mark.slow
def test_learn2remix_is_trained_with_its_own_loss(dataset: Path, tmp_path: Path) -> None:
    small = [word for word in SMALL if word not in ("--channels", 4)]
    words = [
        *small,
        "--channels",
        8,
        "--preset",
        "learn2remix",
        "--loss",
        "joint",
        "--log-every",
        1,
        "--validation-clips",
        2,
    ]
    limelight("train", dataset, "--into", tmp_path, *words)
    *steps, check = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    assert [set(line["losses"]) for line in steps] == [{"separation", "remix", "total"}] * 2
    assert set(check["validation"]) == {"input", "none"}


@pytest.mark.slow
def test_the_released_variant_is_trained_and_exported_at_its_best(dataset: Path, tmp_path: Path) -> None:
    into = tmp_path / "run"
    words = ["--variant", "released", "--context", "cues", "--validation-clips", 2, "--validate-every", 1]
    limelight("train", dataset, "--into", into, *SMALL, *words)
    (best,) = (into / "best").iterdir()
    for flags, step in ((["--last"], 2), ([], int(best.stem.removeprefix("step-")))):
        limelight("export", into, "-o", tmp_path / "a.onnx", "--seconds", 1, *flags)
        card = load_remixer(tmp_path / "a.onnx").card
        assert card.training_data == f"4 clips, {step} steps"
        assert (card.config["context_axis"], card.config["backbone"]["embedding_twice"]) == ("batch", True)


def test_how_much_there_is_to_do_is_told_before_it_is_done(dataset: Path) -> None:
    told = json.loads(limelight("contexts", dataset, "words", "--text-model", "hashed", "--shard", "0/2", "--estimate"))
    assert told.keys() == {"clips", "clips_done", "questions"}
    assert told["clips"] + told["clips_done"] == 4


@pytest.mark.slow
def test_what_is_wished_wrongly_is_one_line(dataset: Path, tmp_path: Path) -> None:
    into = ("--into", tmp_path / "a")
    for words, code, exit_code in (
        (("train", dataset, *into, *SMALL, "--context", "clip"), "E_INPUT", 3),
        (("train", dataset, *into, *SMALL, "--preset", "vista"), "E_MODEL", 5),
        (("train", dataset, *into, *SMALL, "--loss", "joint"), "E_INPUT", 3),
        (("train", dataset, *into, *SMALL, "--optimiser", "muon"), "E_INPUT", 3),
        (("train", dataset, *into, *SMALL, "--optimiser", "sgd"), "E_INPUT", 3),
        (("train", tmp_path, *into, *SMALL), "E_INPUT", 3),
        (("export", tmp_path / "nowhere.safetensors", "-o", tmp_path / "a.onnx"), "E_MODEL", 5),
        (("ablate", dataset, *into, "--only", "few-*"), "E_INPUT", 3),
        (("contexts", dataset, "cues"), "E_INPUT", 3),
        (("contexts", dataset, "words", "--text-model", "hashed", "--shard", "2/2"), "E_USAGE", 2),
        (("contexts", dataset, "captions", "--cue", "plot"), "E_INPUT", 3),
        (("train", dataset, *into, *SMALL, "--variant", "publish"), "E_MODEL", 5),
        (("train", dataset, *into, *SMALL, "--accumulate", 3), "E_INPUT", 3),
        (("reproduce", tmp_path / "a.ckpt", tmp_path), "E_INPUT", 3),
    ):
        done = run.invoke(app, [str(word) for word in words])
        assert done.exit_code == exit_code, done.output
        assert done.stderr.startswith(f"{code}: ")
        assert done.stderr.strip().count("\n") == 0
    assert not (tmp_path / "a").exists()


def test_the_variants_can_be_listed(tmp_path: Path) -> None:
    named = limelight("ablate", tmp_path, "--into", tmp_path, "--names", "--only", "many-cue-rows-*").split()
    assert named == [f"many-cue-rows-L{depth}" for depth in (0, 3, 5, 6)]
