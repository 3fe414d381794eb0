"""The loop: draw, step, average, check, save. Resumes from its own checkpoint as if it had never stopped.

One process or many: `accelerate` puts the task where it runs, and brings gradients and figures of all processes together.
Each of them draws its own share of a batch; the first one alone checks, logs and saves.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
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
Told = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast."""

    steps: int
    rate: float = 1e-3  # of AdamW, at its highest
    matrix_rate: float = 3e-3  # of Muon
    warm_up: int = 100
    falls: bool = True  # after the warm-up, along a cosine; else the rate stays
    weight_decay: float = 0.02
    betas: tuple[float, float] = (0.9, 0.98)  # of AdamW
    clip_norm: float = 1.0
    average: float = 0.998  # exponential moving average of the weights; 0: none is kept
    save_seconds: float = 180.0
    log_every: int = 25
    check_every: int = 500


def rate_at(step: int, config: LoopConfig) -> float:
    """Share of the highest rate: warm-up, then a cosine down to a fiftieth, or all of it."""
    if step < config.warm_up:
        return (step + 1) / config.warm_up
    if not config.falls:
        return 1.0
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
    keep: nn.Module | None = None,
    pace: Callable[[str], float] = lambda _name: 1.0,
    accelerator: Accelerator | None = None,
    told: Told | None = None,
) -> None:
    """Trains `task` (a module that returns its losses by name) to `config.steps`, from the checkpoint if there is one.

    `matrices` are the parameters that Muon takes. What remains in `path` holds "model" and "average" weights of `keep`, the
    part of the task that is trained; by default all of it. `pace` says by a parameter's name how much faster it learns. `told`
    is given every line of the log as a record.
    """
    accelerator = accelerator or Accelerator(cpu=True)
    live = accelerator.prepare_model(task)
    run = _Run(task if keep is None else keep, config, matrices, pace)
    step = run.resume(path) if path.is_file() else 0
    saved, progress = time.monotonic(), _Progress(config, step, accelerator, told)
    for batch in batches_from(step):
        if step >= config.steps:
            break
        torch.manual_seed(step)  # what a step draws (dropout) is named by its number, so that a resumed run is the same
        losses = live({name: value.to(accelerator.device, non_blocking=True) for name, value in batch.items()})
        accelerator.backward(losses["total"])
        if run.descend(step):
            progress.add(losses)
        else:
            log.warning("step %d: the gradient is not finite, this batch is passed over", step)
        step += 1
        run.follow(step)
        if step % config.log_every == 0:
            progress.tell(step)
        last = step == config.steps
        if accelerator.is_main_process and (last or time.monotonic() - saved > config.save_seconds):
            save_checkpoint(path, run.checkpoint(step, describe))
            saved = time.monotonic()
        if accelerator.is_main_process and check and (last or step % config.check_every == 0):
            run.check(task, check, step)


class _Run:
    """What changes while training goes on: weights, the optimiser's memory, and the weights' average."""

    def __init__(
        self,
        keep: nn.Module,
        config: LoopConfig,
        matrices: Iterable[nn.Parameter],
        pace: Callable[[str], float] = lambda _name: 1.0,
    ) -> None:
        self._keep, self._config = keep, config
        self._optimiser = MuonWithAdamW(
            keep,
            matrices,
            matrix_rate=config.matrix_rate,
            rate=config.rate,
            weight_decay=config.weight_decay,
            betas=config.betas,
            pace=pace,
        )
        self._average = {name: p.detach().clone() for name, p in keep.named_parameters()} if config.average else {}

    def descend(self, step: int) -> bool:
        """One step; none, and False, where the gradient is not finite: one bad batch must not cost the run."""
        trainable = [p for p in self._keep.parameters() if p.requires_grad]
        finite = bool(torch.nn.utils.clip_grad_norm_(trainable, self._config.clip_norm).isfinite())
        if finite:
            self._optimiser.set_rate(rate_at(step, self._config))
            self._optimiser.step()
        self._optimiser.zero_grad()
        return finite

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """The average comes nearer to the weights, fast at first."""
        share = 1 - min(self._config.average, step / (step + 10))
        parameters = dict(self._keep.named_parameters())
        for name, average in self._average.items():
            average.lerp_(parameters[name], share)

    def check(self, task: nn.Module, check: Callable[[nn.Module, int], None], step: int) -> None:
        """Runs the check on the averaged weights, then puts the live ones back."""
        live = {name: p.detach().clone() for name, p in self._keep.named_parameters()}
        self._keep.load_state_dict(self._average, strict=False)
        task.eval()
        with torch.no_grad():
            check(task, step)
        task.train()
        self._keep.load_state_dict(live, strict=False)

    def checkpoint(self, step: int, describe: dict[str, Any]) -> Checkpoint:
        tensors = {f"model.{name}": p.detach() for name, p in self._keep.named_parameters()}
        tensors |= {f"average.{name}": value for name, value in self._average.items()}
        remembered = optimiser_tensors(self._optimiser, self._keep)
        tensors |= {f"optimiser.{key}": value for key, value in remembered.items()}
        return Checkpoint(describe, step, tensors)

    def resume(self, path: Path) -> int:
        """Puts everything back, and gives the step. Raises ModelError for a checkpoint of another model."""
        checkpoint = load_checkpoint(path)
        wished = {name: p.shape for name, p in self._keep.named_parameters()}
        if wished != {name: value.shape for name, value in checkpoint.part("model").items()}:
            raise ModelError(
                f"Wanted to go on from {path}, which holds another model or another size of it; give another path."
            )
        self._keep.load_state_dict(checkpoint.part("model"), strict=False)  # buffers are not kept
        averages = checkpoint.part("average") or checkpoint.part("model")
        for name, average in self._average.items():
            average.copy_(averages[name])
        restore_optimiser(self._optimiser, self._keep, checkpoint.part("optimiser"))
        log.info("going on from step %d of %s", checkpoint.step, path)
        return checkpoint.step


class _Progress:
    """Means of the losses since they were last told, over all processes, and how long it will take."""

    def __init__(self, config: LoopConfig, first: int, accelerator: Accelerator, told: Told | None) -> None:
        self._config, self._first, self._started = config, first, time.monotonic()
        self._accelerator, self._told = accelerator, told
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, losses: dict[str, Tensor]) -> None:
        self._count += 1
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value.detach()

    def tell(self, step: int) -> None:
        """Every process must call this; the first one speaks."""
        means = {
            name: float(self._accelerator.reduce(total / self._count, "mean")) for name, total in self._sums.items()
        }
        self._sums, self._count = {}, 0
        if not self._accelerator.is_main_process:
            return
        rate = (step - self._first) / (time.monotonic() - self._started)
        left = (self._config.steps - step) / rate / 60
        words = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
        log.info("step %d/%d  %s  %.2f steps/s  %.0f min left", step, self._config.steps, words, rate, left)
        if self._told:
            self._told({"step": step, "losses": means, "steps_per_second": rate, "minutes_left": left})
