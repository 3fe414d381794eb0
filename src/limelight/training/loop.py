"""The training loop, and what it says on the way.

What a training says of itself: mean losses, throughput, memory and the time left, as a line and as a record.

The loop: sample, step, average, validate, save. Resumes from its own checkpoint as if it had never stopped.

One process or many: `accelerate` puts the task where it runs, and brings gradients and figures of all processes together.
Each of them draws its own share of a batch; the first one alone validates, logs and saves. A step may be made of several
smaller batches whose gradients are summed. A stop, by Ctrl-C or by an error outside of a step, saves first.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from limelight.errors import ModelError
from limelight.training.checkpoint import (
    FOLDER,
    BestCheckpoints,
    BetweenSteps,
    Checkpoint,
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from limelight.training.muon import MuonWithAdamW

log = logging.getLogger(__name__)

Report = Callable[[dict[str, Any]], None]  # takes a record of the log


class Progress:
    """Means of the losses since they were last told, over all processes, and how long it will take."""

    def __init__(self, steps: int, first: int, accelerator: Accelerator, report: Report | None) -> None:
        self._steps, self._first, self._started = steps, first, time.monotonic()
        self._accelerator, self._report = accelerator, report
        self._sums: dict[str, Tensor] = {}
        self._count = self._passages = 0

    def count(self, batch: dict[str, Tensor]) -> None:
        """Notes how much goes through."""
        self._passages += len(next(iter(batch.values()), ()))

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
        seconds = time.monotonic() - self._started
        rate = (step - self._first) / seconds
        throughput = self._passages * self._accelerator.num_processes / seconds
        left = (self._steps - step) / rate / 60
        memory = _peak_gib(self._accelerator.device)
        words = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
        said = f"{rate:.2f} steps/s  {throughput:.1f} passages/s" + (f"  {memory:.1f} GiB" if memory else "")
        log.info("step %d/%d  %s  %s  %.0f min left", step, self._steps, words, said, left)
        if self._report:
            record = {"step": step, "losses": means, "steps_per_second": rate, "passages_per_second": throughput}
            self._report(record | {"minutes_left": left} | ({"peak_memory_gib": memory} if memory else {}))


def _peak_gib(device: torch.device) -> float:
    """The most that a GPU was asked for; 0 on a CPU."""
    return torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else 0.0


Batch = dict[str, Tensor]
Validate = Callable[[nn.Module, int], float | None]  # task and step to a score, lower is better; None: there is none


@dataclass(frozen=True)
class LoopConfig:
    """How long and how fast."""

    steps: int
    rate: float = 1e-3  # of AdamW, at its highest
    matrix_rate: float = 3e-3  # of Muon
    warm_up: int = 100
    falls: bool = True  # after the warm-up, along a cosine; else the rate stays
    last_share: float = 0.0  # of the steps, over which alone it falls then, in a line; 0: the cosine over all
    weight_decay: float = 0.02
    betas: tuple[float, float] = (0.9, 0.98)  # of AdamW
    clip_norm: float = 1.0
    average: float = 0.998  # exponential moving average of the weights; 0: none is kept
    accumulate: int = 1  # batches a step
    save_seconds: float = 180.0
    log_every: int = 25
    validate_every: int = 500
    keep_best: int = 1  # checkpoints with the best scores


def rate_at(step: int, config: LoopConfig) -> float:
    """Share of the highest rate: warm-up, then a cosine down to a fiftieth; or all of it, to the end or to a last share."""
    if step < config.warm_up:
        return (step + 1) / config.warm_up
    if not config.falls:
        return 1.0
    if config.last_share:
        return max(0.01, min(1.0, (1 - step / config.steps) / config.last_share))
    progress = min(1.0, (step - config.warm_up) / max(1, config.steps - config.warm_up))
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))


def train(
    task: nn.Module,
    batches_from: Callable[[int], Iterator[Batch]],
    config: LoopConfig,
    path: Path,
    *,
    describe: dict[str, Any],
    validate: Validate | None = None,
    matrices: Iterable[nn.Parameter] = (),
    keep: nn.Module | None = None,
    rate_multiplier: Callable[[str], float] = lambda _name: 1.0,
    accelerator: Accelerator | None = None,
    report: Report | None = None,
) -> None:
    """Trains `task` (a module that returns its losses by name) to `config.steps`, from the checkpoint if there is one.

    `batches_from` gives the batches from a step on, `config.accumulate` of them a step. `matrices` are the parameters that
    Muon takes. What remains in `path` holds "model" and "average" weights of `keep`, the part of the task that is trained;
    by default all of it. `rate_multiplier` says by a parameter's name how much faster it learns. `report` is given every line
    of the log as a record.
    """
    accelerator = accelerator or Accelerator(cpu=True)
    live = accelerator.prepare_model(task)
    run = Run(task if keep is None else keep, config, matrices, rate_multiplier)
    run.step = run.resume(path) if path.is_file() else 0
    progress = Progress(config.steps, run.step, accelerator, report)
    batches, main = batches_from(run.step), accelerator.is_main_process
    best = BestCheckpoints(path.parent / FOLDER, config.keep_best if main else 0)
    saved = time.monotonic()
    with BetweenSteps() as stop, _saving_what_is_whole(run, path, describe, main=main):
        while run.step < config.steps:
            losses = _summed_gradients(live, batches, run.step, config, accelerator, progress)
            if losses is None:
                break
            run.descend(losses, progress)
            if run.step % config.log_every == 0:
                progress.tell(run.step)
            last = run.step == config.steps
            if main and (last or time.monotonic() - saved > config.save_seconds):
                run.save(path, describe)
                saved = time.monotonic()
            if main and validate and (last or run.step % config.validate_every == 0):
                score = run.validate(task, validate)
                if score is not None:
                    best.offer(score, run.step, lambda: run.checkpoint(describe))
            if main and stop.asked:
                run.save(path, describe)
            stop.check()


def _summed_gradients(
    live: nn.Module,
    batches: Iterator[Batch],
    step: int,
    config: LoopConfig,
    accelerator: Accelerator,
    progress: Progress,
) -> dict[str, Tensor] | None:
    """Adds up the gradients of a step's batches; gives the mean losses, None where there are no batches left."""
    means: dict[str, Tensor] = {}
    for part in range(config.accumulate):
        batch = next(batches, None)
        if batch is None:
            return None
        progress.count(batch)
        torch.manual_seed(step * config.accumulate + part)  # what is drawn (dropout) is named by its place in the run
        waits = part < config.accumulate - 1
        sync: AbstractContextManager[Any] = accelerator.no_sync(live) if waits else nullcontext()
        with sync:
            losses = live({name: value.to(accelerator.device, non_blocking=True) for name, value in batch.items()})
            accelerator.backward(losses["total"] / config.accumulate)
        for name, value in losses.items():
            means[name] = means.get(name, torch.zeros_like(value)) + value.detach() / config.accumulate
    return means


@contextmanager
def _saving_what_is_whole(run: Run, path: Path, describe: dict[str, Any], *, main: bool) -> Iterator[None]:
    """On the way out by an error or a stop the checkpoint is written, unless the error came from within a step."""
    try:
        yield
    except BaseException:
        if main and run.whole:
            run.save(path, describe)
        raise


class Run:
    """What changes while training goes on: the step, weights, the optimiser's memory, and the weights' average."""

    def __init__(
        self,
        keep: nn.Module,
        config: LoopConfig,
        matrices: Iterable[nn.Parameter],
        rate_multiplier: Callable[[str], float],
    ) -> None:
        self.step, self.whole = 0, True
        self._saved = 0  # the step that the file holds
        self._keep, self._config = keep, config
        self._optimiser = MuonWithAdamW(
            keep,
            matrices,
            matrix_rate=config.matrix_rate,
            rate=config.rate,
            weight_decay=config.weight_decay,
            betas=config.betas,
            rate_multiplier=rate_multiplier,
        )
        self._average = {name: p.detach().clone() for name, p in keep.named_parameters()} if config.average else {}

    def descend(self, losses: dict[str, Tensor], progress: Progress) -> None:
        """One step; where the gradient is not finite it is left out: one bad batch must not cost the run."""
        trainable = [p for p in self._keep.parameters() if p.requires_grad]
        if torch.nn.utils.clip_grad_norm_(trainable, self._config.clip_norm).isfinite():
            self.whole = False
            self._optimiser.set_rate(rate_at(self.step, self._config))
            self._optimiser.step()
            progress.add(losses)
        else:
            log.warning("step %d: the gradient is not finite, this batch is passed over", self.step)
        self._optimiser.zero_grad()
        self.step += 1
        self._follow()
        self.whole = True

    @torch.no_grad()
    def _follow(self) -> None:
        """The average comes nearer to the weights, fast at first."""
        share = 1 - min(self._config.average, self.step / (self.step + 10))
        parameters = dict(self._keep.named_parameters())
        for name, average in self._average.items():
            average.lerp_(parameters[name], share)

    def validate(self, task: nn.Module, validate: Validate) -> float | None:
        """The score of the averaged weights; then the live ones are put back."""
        live = {name: p.detach().clone() for name, p in self._keep.named_parameters()}
        self._keep.load_state_dict(self._average, strict=False)
        task.eval()
        try:
            with torch.no_grad():
                return validate(task, self.step)
        finally:
            task.train()
            self._keep.load_state_dict(live, strict=False)

    def save(self, path: Path, describe: dict[str, Any]) -> None:
        """Writes the checkpoint, unless the file holds this step already. Raises OutputError."""
        if self.step != self._saved:
            save_checkpoint(path, self.checkpoint(describe))
            self._saved = self.step

    def checkpoint(self, describe: dict[str, Any]) -> Checkpoint:
        tensors = {f"model.{name}": p.detach() for name, p in self._keep.named_parameters()}
        tensors |= {f"average.{name}": value for name, value in self._average.items()}
        remembered = optimiser_tensors(self._optimiser, self._keep)
        tensors |= {f"optimiser.{key}": value for key, value in remembered.items()}
        return Checkpoint(describe, self.step, tensors)

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
        self._saved = checkpoint.step
        return checkpoint.step
