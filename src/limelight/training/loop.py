"""The loop: draw, step, average, check, save. Resumes from its own checkpoint as if it had never stopped."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from limelight.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)

log = logging.getLogger(__name__)
Batch = dict[str, Tensor]


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast."""

    steps: int
    learning_rate: float = 1e-3
    warm_up: int = 200
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    average: float = 0.999  # exponential moving average of the weights
    save_seconds: float = 180.0
    log_every: int = 25
    check_every: int = 500


def rate_at(step: int, config: LoopConfig) -> float:
    """Warm-up, then a cosine down to a fiftieth."""
    if step < config.warm_up:
        return config.learning_rate * (step + 1) / config.warm_up
    progress = min(1.0, (step - config.warm_up) / max(1, config.steps - config.warm_up))
    return config.learning_rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def train(
    task: nn.Module,
    batches_from: Callable[[int], Iterator[Batch]],
    config: LoopConfig,
    path: Path,
    *,
    describe: dict[str, Any],
    check: Callable[[nn.Module, int], None] | None = None,
    step_task: Callable[[Batch], dict[str, Tensor]] | None = None,
) -> None:
    """Trains `task` (a module that returns its losses by name) to `config.steps`, from the checkpoint if there is one.

    `step_task` may be a compiled twin of `task`. What remains in `path` holds "model" and "average" weights.
    """
    trainable = [p for p in task.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trainable, lr=config.learning_rate, weight_decay=config.weight_decay)
    average = {name: p.detach().clone() for name, p in task.named_parameters()}
    step = _resume(path, task, optimiser, average) if path.is_file() else 0
    saved, started = time.monotonic(), time.monotonic()
    seen: dict[str, float] = {}
    first = step
    for batch in batches_from(step):
        if step >= config.steps:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, config)
        losses = (step_task or task)(batch)
        optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()
        torch.nn.utils.clip_grad_norm_(trainable, config.clip_norm)
        optimiser.step()
        step += 1
        _average(average, task, min(config.average, step / (step + 10)))
        for name, value in losses.items():
            seen[name] = seen.get(name, 0.0) + value.item()
        if step % config.log_every == 0:
            rate = (step - first) / (time.monotonic() - started)
            words = "  ".join(f"{name} {total / config.log_every:.4f}" for name, total in seen.items())
            left = (config.steps - step) / rate / 60
            log.info("step %d/%d  %s  %.2f steps/s  %.0f min left", step, config.steps, words, rate, left)
            seen = {}
        last = step == config.steps
        if last or time.monotonic() - saved > config.save_seconds:
            save_checkpoint(path, _checkpoint(task, optimiser, average, step, describe))
            saved = time.monotonic()
        if check and (last or step % config.check_every == 0):
            _check_average(task, average, check, step)


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
    task: nn.Module, optimiser: torch.optim.Optimizer, average: dict[str, Tensor], step: int, describe: dict[str, Any]
) -> Checkpoint:
    tensors = {f"model.{name}": p.detach() for name, p in task.named_parameters()}
    tensors |= {f"average.{name}": value for name, value in average.items()}
    tensors |= {f"optimiser.{key}": value for key, value in optimiser_tensors(optimiser, task).items()}
    return Checkpoint(describe, step, tensors)


def _resume(path: Path, task: nn.Module, optimiser: torch.optim.Optimizer, average: dict[str, Tensor]) -> int:
    checkpoint = load_checkpoint(path)
    task.load_state_dict(checkpoint.part("model"), strict=False)
    average.update(checkpoint.part("average"))
    restore_optimiser(optimiser, task, checkpoint.part("optimiser"))
    log.info("going on from step %d of %s", checkpoint.step, path)
    return checkpoint.step
