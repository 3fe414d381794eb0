from __future__ import annotations

from pathlib import Path

import torch

from limelight.training.checkpoint import BestCheckpoints, Checkpoint, best_of, load_checkpoint, scores_of


def made(step: int) -> Checkpoint:
    tensors = {"model.x": torch.full((2,), float(step)), "optimiser.x:step": torch.ones(1)}
    return Checkpoint({"preset": "visah"}, step, tensors)


def offered(folder: Path, keep: int, scores: dict[int, float]) -> list[bool]:
    best = BestCheckpoints(folder, keep)
    return [best.offer(score, step, lambda step=step: made(step)) for step, score in scores.items()]  # type: ignore[misc]


def test_the_best_stay_and_the_others_go(tmp_path: Path) -> None:
    folder = tmp_path / "best"
    assert offered(folder, 2, {1: 5.0, 2: 3.0, 3: 4.0, 4: 6.0, 5: 3.0}) == [True, True, True, False, True]
    assert list(scores_of(folder).values()) == [3.0, 3.0]
    assert [path.name for path in scores_of(folder)] == ["step-000002.safetensors", "step-000005.safetensors"]
    assert best_of(tmp_path) == folder / "step-000002.safetensors"  # of equals the earlier one


def test_a_resumed_run_knows_what_was_best_before(tmp_path: Path) -> None:
    assert offered(tmp_path, 1, {1: 2.0}) == [True]
    assert offered(tmp_path, 1, {2: 3.0, 3: 1.0}) == [False, True]
    assert [path.name for path in tmp_path.iterdir()] == ["step-000003.safetensors"]


def test_the_same_step_again_takes_its_own_place(tmp_path: Path) -> None:
    """After a kill the steps since the last save are done, and validated, once more."""
    assert offered(tmp_path, 1, {1: 2.0}) == [True]
    assert offered(tmp_path, 1, {1: 2.0}) == [True]
    assert scores_of(tmp_path) == {tmp_path / "step-000001.safetensors": 2.0}


def test_they_hold_weights_and_a_score_and_no_optimiser(tmp_path: Path) -> None:
    offered(tmp_path, 1, {7: 1.5})
    kept = load_checkpoint(tmp_path / "step-000007.safetensors")
    assert (kept.step, kept.config) == (7, {"preset": "visah", "score": 1.5})
    assert list(kept.tensors) == ["model.x"]


def test_none_are_kept_where_none_are_wished(tmp_path: Path) -> None:
    assert offered(tmp_path, 0, {1: 1.0}) == [False]
    assert best_of(tmp_path) is None
