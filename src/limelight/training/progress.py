"""What a training says of itself: mean losses, throughput, memory and the time left, as a line and as a record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

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
