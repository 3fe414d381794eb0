"""Small ones of the papers' networks learn a handful of pairs by heart, and learn it from the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from dataset.stems import make_stems

from limelight.networks.presets import PRESETS
from limelight.networks.visah import Visah
from limelight.training.loop import Batch, LoopConfig, train
from limelight.training.losses import RemixTask

WIDTHS = {"visah": 3, "semmix": 7}
SAMPLES = 13_230


def pairs(width: int) -> Batch:
    """The same sounds under two pictures: one wants the speech away, the other the effects. Only looking can tell."""
    stems = torch.from_numpy(make_stems(0.3, db=(-20, -20, -20)))[:, 0, :SAMPLES]
    gains_db = torch.tensor([[-20.0, 0, 0], [0, 0, -20]])
    context = torch.zeros(2, 2, width)
    context[0, :, 0] = context[1, :, 2] = 1
    return {
        "mixture": stems.sum(0).expand(2, -1),
        "target": torch.einsum("kn,bk->bn", stems, 10 ** (gains_db / 20)),
        "context": context,
    }


def tiny(name: str, loss: str) -> RemixTask:
    torch.manual_seed(0)
    config = replace(PRESETS[name].config.sized(4), context_width=WIDTHS[name], decoder_layers=2)  # type: ignore[type-var]
    return RemixTask(Visah(config), loss)


@pytest.mark.slow
@pytest.mark.parametrize("name", WIDTHS)
def test_a_handful_of_pairs_is_learnt_by_heart(tmp_path: Path, name: str) -> None:
    task, batch = tiny(name, "linear"), pairs(WIDTHS[name])

    def batches(_step: int) -> Iterator[Batch]:
        while True:
            yield batch

    config = LoopConfig(steps=60, rate=3e-3, warm_up=0, weight_decay=0.0, betas=(0.9, 0.999), average=0.0)
    train(task, batches, config, tmp_path / "run.safetensors", describe={}, keep=task.network)
    with torch.inference_mode():
        nothing_done = float(task.loss(batch["mixture"], batch["target"]))
        learnt = float(task(batch)["total"])
        swapped = float(task(batch | {"context": batch["context"].flip(0)})["total"])
    assert learnt < 0.65 * nothing_done
    assert swapped > 1.2 * nothing_done  # under the other's picture it does what the other wants


@pytest.mark.parametrize("loss", ["linear", "log"])
def test_every_weight_is_trained(loss: str) -> None:
    """A weight without a gradient stays as it was drawn, and stops training in several processes."""
    task = tiny("semmix", loss)
    torch.nn.init.normal_(task.network.highlighter.embedding_out.weight)  # type: ignore[union-attr, arg-type]
    task(pairs(WIDTHS["semmix"]))["total"].backward()
    idle = [name for name, p in task.named_parameters() if p.grad is None or not p.grad.any()]
    # Adding to all keys alike changes no attention: a key's bias is idle by construction.
    assert [name for name in idle if not name.endswith("k.bias")] == []


def test_the_loss_is_never_in_half_precision() -> None:
    task, batch = tiny("visah", "log"), pairs(WIDTHS["visah"])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = task(batch)["total"]
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(task(batch)["total"].item(), rel=0.05)
