import pytest
import torch
from networks.tiny import LITE
from training.tiny import batch, tiny_task

from limelight.training.lite import LiteTask, Weights
from limelight.training.loop import LoopConfig, train


def losses(task: LiteTask, seed: int = 0) -> dict[str, float]:
    with torch.no_grad():
        return {name: float(value) for name, value in task(batch(seed=seed)).items()}


def test_total_is_the_weighted_sum() -> None:
    weights = {"stems": 2.0, "remix": 3.0, "known": 0.7, "gains": 0.5}
    found = losses(LiteTask(LITE, Weights(**weights)))
    assert found["total"] == pytest.approx(sum(weight * found[name] for name, weight in weights.items()), rel=1e-5)


def test_at_first_the_remix_is_the_mixture() -> None:
    task = tiny_task().eval()
    example = batch()
    remixed = task.remix(example)
    torch.testing.assert_close(remixed.magnitude, example["mixture"].sqrt(), atol=1e-5, rtol=1e-4)
    assert not remixed.gains_db.any()


def test_true_masks_and_true_gains_leave_no_distance() -> None:
    """Stems that live in bands of their own: masks of their shares are the truth."""
    task = tiny_task()
    example = batch()
    shares = example["stems"] / example["stems"].sum(1, keepdim=True)
    remixed = task.with_true_gains((shares > 0.5).float(), example)
    assert (task.distance(remixed, example) < 0.15 * task.distance(example["mixture"].sqrt(), example))[:2].all()


def test_remix_by_hand() -> None:
    task = tiny_task()
    masks = torch.tensor([0.5, 0.3, 0.2]).reshape(1, 3, 1, 1).expand(1, 3, 4, 1)
    gains = torch.tensor([[[0.0, 20.0, -20.0]]])
    out = task.remixed(masks, gains, torch.full((1, 4, 1), 4.0))
    torch.testing.assert_close(out, torch.full((1, 4, 1), (0.5 + 3 + 0.02) * 2))


def test_good_mixtures_count_as_much_as_is_said() -> None:
    one, two = tiny_task(), tiny_task()
    two.weights = Weights(good=1e6)
    example = batch(3)  # the third of which is good
    with torch.no_grad():
        assert one(example)["remix"] > 0.01
        assert two(example)["remix"] < 1e-3


def test_a_batch_is_the_same_loss_every_time() -> None:
    task = tiny_task().eval()  # without dropout
    assert losses(task, seed=3) == losses(task, seed=3)
    assert losses(task, seed=3) != losses(task, seed=4)


def test_silence_has_finite_losses_and_gradients() -> None:
    task = tiny_task()
    found = task({name: torch.zeros_like(value) for name, value in batch().items()})
    found["total"].backward()
    assert all(value.isfinite() for value in found.values())
    assert all(p.grad is None or p.grad.isfinite().all() for p in task.parameters())


def test_matrices_are_inside_the_networks() -> None:
    task = tiny_task()
    names = {id(p): name for name, p in task.named_parameters()}
    chosen = [names[id(p)] for p in task.matrices()]
    assert any("along_time.inner" in name for name in chosen)
    assert any("director.highlighter" in name for name in chosen)
    assert not any(part in name for name in chosen for part in ("split", "masks", "taps", "bias", "norm"))


def test_it_learns_one_batch_by_heart(tmp_path) -> None:
    task = tiny_task()
    before = losses(task)
    config = LoopConfig(steps=120, warm_up=5, rate=1e-2, matrix_rate=1e-2, weight_decay=0.0, average=0.9)

    def again(_step: int):
        while True:
            yield batch()

    path = tmp_path / "tiny.safetensors"
    train(task, again, config, path, describe=LITE.as_dict(), matrices=task.matrices())
    after = losses(task)
    assert after["stems"] < 0.6 * before["stems"]
    assert after["remix"] < 0.6 * before["remix"]
    assert after["gains"] < 0.6 * before["gains"]
