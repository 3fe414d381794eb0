from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from training.small_set import small_set

from limelight.errors import InputError, ModelError
from limelight.training import trainer as remix_run
from limelight.training.checkpoint import best_of, load_checkpoint, load_remixer, save_checkpoint
from limelight.training.contexts import Share
from limelight.training.trainer import Recipe, RuntimeOptions, train_remixer
from limelight.vision.encoder import ContextChoice

RECIPE = Recipe(channels=4, context=ContextChoice("cues"), context_dropout=0.2, batch=2, seconds=1.0, average=0.9)
OPTIONS = RuntimeOptions(steps=3, workers=0, log_every=1, validation_clips=0, cpu=True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    """accelerate keeps the precision of the first run for the process."""
    yield
    AcceleratorState._reset_state(True)


@pytest.fixture(scope="module")
def straight(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three steps without a stop."""
    torch.set_num_threads(1)
    into = tmp_path_factory.mktemp("straight")
    train_remixer(dataset, into, RECIPE, replace(OPTIONS, validation_clips=2))
    return into


def lines(into: Path) -> list[dict]:
    return [json.loads(line) for line in (into / "log.jsonl").read_text().splitlines()]


def losses(into: Path) -> list[float]:
    return [line["losses"]["total"] for line in lines(into) if "losses" in line]


@pytest.mark.slow
def test_killed_and_resumed_is_as_if_it_had_never_stopped(
    dataset: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit: weights, averages, the optimiser's memory and the losses told."""

    def killed(passages: object, first: int, **rest: object) -> Iterator[object]:
        for n, batch in enumerate(remix_batches(passages, first, **rest)):
            if n == 2:
                raise KeyboardInterrupt
            yield batch

    remix_batches = remix_run.batches_from
    with monkeypatch.context() as patch:
        patch.setattr(remix_run, "batches_from", killed)
        with pytest.raises(KeyboardInterrupt):
            train_remixer(dataset, tmp_path, RECIPE, replace(OPTIONS, save_seconds=0.0))
    assert load_checkpoint(tmp_path / "checkpoint.safetensors").step == 2
    train_remixer(dataset, tmp_path, RECIPE, OPTIONS)
    once, twice = (load_checkpoint(into / "checkpoint.safetensors") for into in (straight, tmp_path))
    assert once.tensors.keys() == twice.tensors.keys()
    assert [name for name in once.tensors if not torch.equal(once.tensors[name], twice.tensors[name])] == []
    assert losses(straight) == losses(tmp_path)


@pytest.mark.slow
def test_the_checkpoint_says_how_to_repeat_the_run(straight: Path) -> None:
    saved = load_checkpoint(straight / "checkpoint.safetensors")
    assert (saved.config["preset"], saved.config["context"], saved.step) == ("visah", "cues", 3)
    assert saved.config["recipe"]["rate"] == 1e-4
    assert saved.config["data"]["clips"] == 4
    assert len(saved.config["data"]["manifest_sha256"]) == 64
    assert saved.config["data"]["licences"] == ["CC0"]
    assert set(saved.config["versions"]) >= {"limelight-audio", "torch"}
    network = load_remixer(straight / "checkpoint.safetensors")
    assert network.config.context_width == 32
    average = saved.part("average")
    assert all(torch.equal(p, average[name]) for name, p in network.named_parameters())
    assert saved.part("model").keys() == average.keys()
    assert not all(torch.equal(average[name], tensor) for name, tensor in saved.part("model").items())


@pytest.mark.slow
def test_parts_of_a_step_and_activations_computed_again_go_the_same_way(
    dataset: Path, straight: Path, tmp_path: Path
) -> None:
    """Both save memory and change the weights by rounding alone."""
    train_remixer(dataset, tmp_path, RECIPE, replace(OPTIONS, accumulate=2, recompute=True))
    assert losses(tmp_path) == pytest.approx(losses(straight), rel=1e-5)
    once, twice = (load_checkpoint(into / "checkpoint.safetensors").part("model") for into in (straight, tmp_path))
    for name, wished in once.items():
        torch.testing.assert_close(twice[name], wished, rtol=1e-3, atol=2e-5)


def test_the_best_checkpoint_is_kept_beside_the_last(straight: Path) -> None:
    (validated,) = (line for line in lines(straight) if "validation" in line)
    best = best_of(straight)
    assert best == straight / "best" / "step-000003.safetensors"
    kept, last = load_checkpoint(best), load_checkpoint(straight / "checkpoint.safetensors")
    assert kept.config["score"] == validated["validation"]["true"]["mag"]
    assert not kept.part("optimiser")
    assert all(torch.equal(kept.part("average")[name], value) for name, value in last.part("average").items())
    assert all(torch.equal(p, last.part("average")[name]) for name, p in load_remixer(best).named_parameters())


def test_validation_hears_with_the_picture_with_anothers_and_with_none(straight: Path) -> None:
    (check,) = (line["validation"] for line in lines(straight) if "validation" in line)
    assert set(check) == {"input", "true", "shuffled", "none"}
    assert all(set(figures) == {"mag", "env", "w_dis", "mag_level_matched"} for figures in check.values())
    assert check["input"] != check["true"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rate": 1e-3}, r"with rate 0.001, it was trained with 0.0001"),
        ({"channels": 8}, "with channels 8"),
        ({"context": ContextChoice()}, "with context "),
        ({"seed": 1}, "with seed 1"),
    ],
)
def test_another_recipe_does_not_go_on_from_there(dataset: Path, straight: Path, changed: dict, said: str) -> None:
    before = (straight / "checkpoint.safetensors").read_bytes()
    with pytest.raises(ModelError, match=said):
        train_remixer(dataset, straight, replace(RECIPE, **changed), OPTIONS)
    assert (straight / "checkpoint.safetensors").read_bytes() == before


def test_a_run_from_before_an_option_is_told_as_one(dataset: Path, straight: Path, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    saved = load_checkpoint(straight / "checkpoint.safetensors")
    del saved.config["recipe"]["optimiser"]
    save_checkpoint(path, saved)
    with pytest.raises(ModelError, match="optimiser 'adam', it was begun by a Limelight that did not know this option"):
        train_remixer(dataset, tmp_path, RECIPE, OPTIONS)


def test_other_data_does_not_go_on_from_there(straight: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="with manifest_sha256"):
        train_remixer(small_set(tmp_path, seconds=1.2), straight, RECIPE, OPTIONS)


@pytest.mark.slow
def test_half_precision_goes_the_same_way(dataset: Path, straight: Path, tmp_path: Path) -> None:
    AcceleratorState._reset_state(True)
    train_remixer(dataset, tmp_path, replace(RECIPE, precision="bf16"), OPTIONS)
    assert losses(tmp_path) == pytest.approx(losses(straight), rel=0.05)
    assert losses(tmp_path) != losses(straight)
    kept = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert {tensor.dtype for tensor in kept.part("model").values()} == {torch.float32}


@pytest.mark.slow
def test_two_processes_lose_what_one_does(dataset: Path, straight: Path, tmp_path: Path) -> None:
    """The same global batch, shared out over gloo."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["train", dataset, "--into", tmp_path, "--channels", 4, "--context", "cues", "--context-dropout", 0.2]
    words += ["--batch", 2, "--seconds", 1, "--average", 0.9, "--steps", 3, "--workers", 0, "--log-every", 1]
    words += ["--validation-clips", 0, "--cpu", "--threads", 1, "--quiet"]
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "limelight", *map(str, words)],
            env=os.environ | where | {"RANK": str(rank), "LOCAL_RANK": str(rank), "ACCELERATE_USE_CPU": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    answers = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0], answers
    assert [out.strip() for out, _ in answers] == [str(tmp_path / "checkpoint.safetensors"), ""]  # told once
    assert losses(tmp_path) == pytest.approx(losses(straight), rel=1e-5)
    once, twice = (load_checkpoint(into / "checkpoint.safetensors") for into in (straight, tmp_path))
    assert (once.config["processes"], twice.config["processes"]) == (1, 2)


def test_steps_or_epochs(dataset: Path) -> None:
    assert remix_run.steps_of(RuntimeOptions(steps=7), clips=100, batch=24) == 7
    assert remix_run.steps_of(RuntimeOptions(epochs=200), clips=15_078, batch=24) == 125_650  # the papers' 126 thousand


@pytest.mark.parametrize("changed", [{"loss": "quadratic"}, {"precision": "fp8"}, {"seconds": 0.5}, {"batch": 0}])
def test_recipes_that_make_no_sense_are_refused(changed: dict) -> None:
    with pytest.raises(InputError, match="Wanted"):
        Recipe(**changed)


def test_batches_that_cannot_be_shared_out_are_told() -> None:
    two = type("Two", (), {"num_processes": 2, "process_index": 1})()
    assert remix_run.share_of(two, 8, 4) == Share(1, 2)
    for batch, parts in ((3, 1), (6, 4)):
        with pytest.raises(InputError, match=f"Wanted batches of {batch} shared by 2 processes in {parts} parts"):
            remix_run.share_of(two, batch, parts)


def test_a_set_without_a_validation_split_is_trained_on_without_validation(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = small_set(tmp_path / "set")
    kept = [line for line in (folder / "manifest.jsonl").read_text().splitlines() if '"validation"' not in line]
    (folder / "manifest.jsonl").write_text("\n".join(kept) + "\n")
    train_remixer(
        folder,
        tmp_path / "run",
        replace(RECIPE, context=ContextChoice()),
        replace(OPTIONS, steps=1, validation_clips=2),
    )
    assert "has no clips of the split 'validation'" in caplog.text
    assert not any("validation" in line for line in lines(tmp_path / "run"))
    assert best_of(tmp_path / "run") is None


def test_a_checkpoint_of_lite_is_no_remixer(tmp_path: Path) -> None:
    from limelight.training.checkpoint import Checkpoint

    save_checkpoint(tmp_path / "lite.safetensors", Checkpoint({"hop": 1}, 1, {"model.a": torch.zeros(1)}))
    with pytest.raises(ModelError, match="not of a remixing network"):
        load_remixer(tmp_path / "lite.safetensors")
