import pytest
import torch
from networks.tiny import LITE
from training.tiny import batch, tiny_task

from limelight.training.lite import LiteTask, Weights, remix
from limelight.training.loop import LoopConfig, train


def losses_of(task: LiteTask, example: dict[str, torch.Tensor]) -> dict[str, float]:
    with torch.no_grad():
        return {name: float(value) for name, value in task(example).items()}


def losses(task: LiteTask, seed: int = 0) -> dict[str, float]:
    return losses_of(task, batch(seed=seed))


def test_total_is_the_weighted_sum() -> None:
    task = tiny_task()
    found = losses(task)
    w = task.weights
    assert found["total"] == pytest.approx(
        w.stems * found["stems"] + w.levels * found["levels"] + w.remix * found["remix"], rel=1e-5
    )


def test_the_remix_can_be_left_out() -> None:
    found = losses(LiteTask(LITE, Weights(remix=0.0)))
    assert found.keys() == {"stems", "levels", "total"}


def test_true_masks_and_true_gains_leave_no_remix_loss() -> None:
    """Stems that never sound together: masks of ones and zeros are the truth."""
    task = tiny_task().eval()
    example = batch()
    example["stems"][:, 1:] = 0
    example["stems"][:, 1, -4000:] = example["stems"][:, 0, -4000:]
    example["stems"][:, 0, -4300:] = 0  # more than a window of silence between them
    spectra = task.spectra(example)
    power = spectra.stems.abs().square()
    masks = (power == power.amax(1, keepdim=True)).float()
    assert float(task.remix_loss(masks, spectra)) < 1e-3


def test_gains_of_zero_return_the_input() -> None:
    task = tiny_task().eval()
    mixture = task.spectra(batch()).mixture
    masks, _ = task.model.separator(mixture.abs())
    torch.testing.assert_close(remix(masks, torch.zeros(2, 3), mixture), mixture)


def test_remix_by_hand() -> None:
    masks = torch.tensor([0.5, 0.3, 0.2]).reshape(1, 3, 1, 1)
    gains = torch.tensor([[0.0, 20.0, -20.0]])
    out = remix(masks, gains, torch.full((1, 1, 1), 2 + 1j))
    torch.testing.assert_close(out, torch.full((1, 1, 1), (0.5 + 3 + 0.02) * (2 + 1j)))


def test_a_batch_is_the_same_loss_every_time() -> None:
    task = tiny_task().eval()  # without dropout
    assert losses(task, seed=3) == losses(task, seed=3)
    assert losses(task, seed=3) != losses(task, seed=4)


def test_silence_has_finite_losses_and_gradients() -> None:
    task = tiny_task()
    example = batch()
    example["stems"][:] = 0
    found = task(example)
    found["total"].backward()
    assert all(value.isfinite() for value in found.values())
    assert all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_it_learns_one_batch_by_heart(tmp_path) -> None:
    task = tiny_task()
    before = losses(task)
    config = LoopConfig(steps=80, warm_up=5, learning_rate=2e-2, weight_decay=0.0, average=0.9)

    def again(_step: int):
        while True:
            yield batch()

    train(task, again, config, tmp_path / "tiny.safetensors", describe=LITE.as_dict())
    after = losses(task)
    assert after["stems"] < 0.5 * before["stems"]
    assert after["remix"] < before["remix"]
