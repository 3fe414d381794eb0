import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from training.tiny import batch, tiny_task

from limelight.errors import ModelError
from limelight.training.checkpoint import load_checkpoint
from limelight.training.loop import Batch, LoopConfig, rate_at, train

CONFIG = LoopConfig(steps=6, warm_up=2, rate=1e-2, save_seconds=0.0, log_every=2, validate_every=3)


class Valley(nn.Module):
    """One number whose best is 3; counts its steps."""

    def __init__(self) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(1))

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return {"total": (self.x - batch["wish"]).square().sum()}


def wishes(_step: int) -> Iterator[Batch]:
    while True:
        yield {"wish": torch.tensor([3.0])}


def numbered(step: int) -> Iterator[Batch]:
    """Batch n is always the same, wherever one begins."""
    while True:
        yield batch(seed=step)
        step += 1


def tensors_of(path: Path) -> dict[str, list[float]]:
    return {name: tensor.tolist() for name, tensor in load_checkpoint(path).tensors.items()}


def killed_after(steps: int):
    def batches(start: int) -> Iterator[Batch]:
        for n, one in enumerate(numbered(start)):
            if n == steps:
                raise KeyboardInterrupt
            yield one

    return batches


def test_the_rate_warms_up_and_comes_down_to_a_fiftieth() -> None:
    config = LoopConfig(steps=1000, warm_up=100)
    rates = [rate_at(step, config) for step in range(1001)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[99] == rates[100] == max(rates) == 1
    assert all(a < b for a, b in pairwise(rates[:100]))
    assert all(a >= b for a, b in pairwise(rates[100:]))
    assert rates[550] == pytest.approx(0.51)  # half way down
    assert rates[1000] == rate_at(5000, config) == pytest.approx(0.02)


def test_a_run_shorter_than_its_warm_up_has_rates_too() -> None:
    config = LoopConfig(steps=50, warm_up=100)
    assert [rate_at(step, config) > 0 for step in (0, 49, 50, 100, 101)] == [True] * 5


def test_stopped_and_resumed_is_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    """To the last bit: weights, averages and the optimiser's moments."""
    straight, halting = tmp_path / "straight.safetensors", tmp_path / "halting.safetensors"
    train(tiny_task(), numbered, CONFIG, straight, describe={})
    with pytest.raises(KeyboardInterrupt):
        train(tiny_task(), killed_after(4), CONFIG, halting, describe={})
    assert load_checkpoint(halting).step == 4
    train(
        tiny_task(seed=99), numbered, CONFIG, halting, describe={}
    )  # other first weights: all must come from the file
    once, twice = load_checkpoint(straight), load_checkpoint(halting)
    assert once.step == twice.step == 6
    assert once.tensors.keys() == twice.tensors.keys()
    different = [name for name in once.tensors if not torch.equal(once.tensors[name], twice.tensors[name])]
    assert different == []


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "valley.safetensors"
    train(Valley(), wishes, CONFIG, path, describe={})
    before = path.read_bytes()
    train(Valley(), wishes, CONFIG, path, describe={})
    assert path.read_bytes() == before


def test_it_goes_downhill_and_the_average_follows(tmp_path: Path) -> None:
    path = tmp_path / "valley.safetensors"
    config = LoopConfig(steps=300, warm_up=10, rate=0.1, weight_decay=0.0, average=0.9)
    train(Valley(), wishes, config, path, describe={"what": "valley"})
    kept = load_checkpoint(path)
    assert kept.config == {"what": "valley"}
    assert float(kept.part("model")["x"]) == pytest.approx(3, abs=0.05)
    assert float(kept.part("average")["x"]) == pytest.approx(3, abs=0.1)


def test_checks_see_the_average_and_training_goes_on_with_the_weights(tmp_path: Path) -> None:
    seen: list[tuple[int, float, bool]] = []

    def check(task: nn.Module, step: int) -> None:
        seen.append((step, float(task.x), task.training))  # type: ignore[arg-type]

    checked, unchecked = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    train(Valley(), wishes, CONFIG, checked, describe={}, validate=check)
    train(Valley(), wishes, CONFIG, unchecked, describe={})
    assert [step for step, _, _ in seen] == [3, 6]
    assert not any(training for _, _, training in seen)
    assert seen[-1][1] == float(load_checkpoint(checked).part("average")["x"])
    assert tensors_of(checked) == tensors_of(unchecked)


def test_matrices_resume_as_all_else_does(tmp_path: Path) -> None:
    """Muon's momentum is kept too."""
    straight, halting = tmp_path / "straight.safetensors", tmp_path / "halting.safetensors"
    task = tiny_task()
    train(task, numbered, CONFIG, straight, describe={}, matrices=task.matrices())
    task = tiny_task()
    with pytest.raises(KeyboardInterrupt):
        train(task, killed_after(4), CONFIG, halting, describe={}, matrices=task.matrices())
    task = tiny_task(seed=99)
    train(task, numbered, CONFIG, halting, describe={}, matrices=task.matrices())
    assert tensors_of(straight) == tensors_of(halting)
    assert any(name.endswith("momentum_buffer") for name in tensors_of(halting))


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    """Loading what fits and leaving the rest would train on from nowhere."""
    path = tmp_path / "valley.safetensors"
    train(Valley(), wishes, CONFIG, path, describe={})
    with pytest.raises(ModelError, match="another model"):
        train(tiny_task(), numbered, CONFIG, path, describe={})


@pytest.mark.parametrize("bad", ["nan", "inf"])
def test_a_bad_batch_is_passed_over_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str) -> None:
    """It costs its turn and nothing else; with it in the weights, the next save would have lost the run."""
    path = tmp_path / "valley.safetensors"

    def with_a_bad_one(_step: int) -> Iterator[Batch]:
        for wish in ("3", "3", bad, "3", "3", "3"):
            yield {"wish": torch.tensor([float(wish)])}

    with caplog.at_level(logging.INFO):
        train(Valley(), with_a_bad_one, CONFIG, path, describe={})
    kept = load_checkpoint(path)
    assert all(tensor.isfinite().all() for tensor in kept.tensors.values())
    assert (kept.step, float(kept.part("optimiser")["x:step"])) == (6, 5)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["step 2: the gradient is not finite, this batch is passed over"]
    assert not any(
        "nan" in record.getMessage().split("steps/s")[0].replace(warnings[0], "") for record in caplog.records
    )


def test_logged_figures_are_means_also_after_a_resume(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Constant(Valley):
        def forward(self, batch: Batch) -> dict[str, Tensor]:
            return {"total": 0 * self.x.sum() + 5}

    def three(_step: int) -> Iterator[Batch]:
        for _ in range(3):
            yield {}
        raise KeyboardInterrupt

    def endless(_step: int) -> Iterator[Batch]:
        while True:
            yield {}

    path = tmp_path / "constant.safetensors"
    with caplog.at_level(logging.INFO):
        with pytest.raises(KeyboardInterrupt):
            train(Constant(), three, CONFIG, path, describe={})
        train(Constant(), endless, CONFIG, path, describe={})
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("step")]
    assert [line.split()[1] for line in lines] == ["2/6", "4/6", "6/6"]
    assert all("total 5.0000" in line for line in lines)
