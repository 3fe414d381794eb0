"""The loop: draw, step, average, check, save. Resumes from its own checkpoint as if it had never stopped."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from limelight.errors import ModelError
from limelight.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from limelight.training.muon import MuonWithAdamW

log = logging.getLogger(__name__)
Batch = dict[str, Tensor]


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast."""

    steps: int
    rate: float = 1e-3  # of AdamW, at its highest
    matrix_rate: float = 3e-3  # of Muon
    warm_up: int = 100
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    average: float = 0.998  # exponential moving average of the weights
    save_seconds: float = 180.0
    log_every: int = 25
    check_every: int = 500


def rate_at(step: int, config: LoopConfig) -> float:
    """Share of the highest rate: warm-up, then a cosine down to a fiftieth."""
    if step < config.warm_up:
        return (step + 1) / config.warm_up
    progress = min(1.0, (step - config.warm_up) / max(1, config.steps - config.warm_up))
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))


def train(
    task: nn.Module,
    batches_from: Callable[[int], Iterator[Batch]],
    config: LoopConfig,
    path: Path,
    *,
    describe: dict[str, Any],
    check: Callable[[nn.Module, int], None] | None = None,
    matrices: Iterable[nn.Parameter] = (),
) -> None:
    """Trains `task` (a module that returns its losses by name) to `config.steps`, from the checkpoint if there is one.

    `matrices` are the parameters that Muon takes. What remains in `path` holds "model" and "average" weights.
    """
    trainable = [p for p in task.parameters() if p.requires_grad]
    optimiser = MuonWithAdamW(
        task, matrices, matrix_rate=config.matrix_rate, rate=config.rate, weight_decay=config.weight_decay
    )
    average = {name: p.detach().clone() for name, p in task.named_parameters()}
    step = _resume(path, task, optimiser, average) if path.is_file() else 0
    saved, progress = time.monotonic(), _Progress(config, step)
    for batch in batches_from(step):
        if step >= config.steps:
            break
        torch.manual_seed(step)  # what a step draws (dropout) is named by its number, so that a resumed run is the same
        losses = task(batch)
        if _descend(losses["total"], optimiser, trainable, rate_at(step, config), config.clip_norm):
            progress.add(losses)
        else:
            log.warning("step %d: the gradient is not finite, this batch is passed over", step)
        step += 1
        _average(average, task, min(config.average, step / (step + 10)))
        if step % config.log_every == 0:
            progress.tell(step)
        last = step == config.steps
        if last or time.monotonic() - saved > config.save_seconds:
            save_checkpoint(path, _checkpoint(task, optimiser, average, step, describe))
            saved = time.monotonic()
        if check and (last or step % config.check_every == 0):
            _check_average(task, average, check, step)


def _descend(
    loss: Tensor, optimiser: MuonWithAdamW, trainable: list[nn.Parameter], rate: float, clip_norm: float
) -> bool:
    """One step; none, and False, where the gradient is not finite: one bad batch must not cost the run."""
    optimiser.set_rate(rate)
    optimiser.zero_grad()
    loss.backward()
    finite = bool(torch.nn.utils.clip_grad_norm_(trainable, clip_norm).isfinite())
    if finite:
        optimiser.step()
    return finite


class _Progress:
    """Means of the losses since they were last told, and how long it will take."""

    def __init__(self, config: LoopConfig, first: int) -> None:
        self._config, self._first, self._started = config, first, time.monotonic()
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, losses: dict[str, Tensor]) -> None:
        self._count += 1
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value.item()

    def tell(self, step: int) -> None:
        rate = (step - self._first) / (time.monotonic() - self._started)
        words = "  ".join(f"{name} {total / self._count:.4f}" for name, total in self._sums.items())
        left = (self._config.steps - step) / rate / 60
        log.info("step %d/%d  %s  %.2f steps/s  %.0f min left", step, self._config.steps, words, rate, left)
        self._sums, self._count = {}, 0


def _average(average: dict[str, Tensor], task: nn.Module, keep: float) -> None:
    with torch.no_grad():
        for name, parameter in task.named_parameters():
            average[name].lerp_(parameter, 1 - keep)


def _check_average(
    task: nn.Module, average: dict[str, Tensor], check: Callable[[nn.Module, int], None], step: int
) -> None:
    """Runs the check on the averaged weights, then puts the live ones back."""
    live = {name: p.detach().clone() for name, p in task.named_parameters()}
    task.load_state_dict(average, strict=False)
    task.eval()
    with torch.no_grad():
        check(task, step)
    task.train()
    task.load_state_dict(live, strict=False)


def _checkpoint(
    task: nn.Module, optimiser: MuonWithAdamW, average: dict[str, Tensor], step: int, describe: dict[str, Any]
) -> Checkpoint:
    tensors = {f"model.{name}": p.detach() for name, p in task.named_parameters()}
    tensors |= {f"average.{name}": value for name, value in average.items()}
    tensors |= {f"optimiser.{key}": value for key, value in optimiser_tensors(optimiser, task).items()}
    return Checkpoint(describe, step, tensors)


def _resume(path: Path, task: nn.Module, optimiser: MuonWithAdamW, average: dict[str, Tensor]) -> int:
    """Puts everything back, and gives the step. Raises ModelError for a checkpoint of another model."""
    checkpoint = load_checkpoint(path)
    wished = {name: p.shape for name, p in task.named_parameters()}
    if wished != {name: value.shape for name, value in checkpoint.part("model").items()}:
        raise ModelError(
            f"Wanted to go on from {path}, which holds another model or another size of it; give another path."
        )
    task.load_state_dict(checkpoint.part("model"), strict=False)  # buffers are not kept
    average.update(checkpoint.part("average"))
    restore_optimiser(optimiser, task, checkpoint.part("optimiser"))
    log.info("going on from step %d of %s", checkpoint.step, path)
    return checkpoint.step
