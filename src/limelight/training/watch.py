"""What a model in training is worth on mixtures that it never learns from: the same ones each time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from limelight.training.batches import Mixer, loader
from limelight.training.lite import LiteTask

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """Means over the watched mixtures; changes are relative to doing nothing."""

    stems: float  # cross-entropy of the masks
    remix: float  # change of the level-matched distance to the good mix, on spoilt mixtures
    with_true_gains: float  # the same, had the gains been known
    gain_error_db: float  # of audible stems, on spoilt mixtures
    zero_error_db: float  # of doing nothing, there
    harm_db: float  # mean absolute gain of audible stems, on good mixtures

    def __str__(self) -> str:
        return (
            f"stems {self.stems:.4f}  remix {100 * self.remix:+.1f} % (true gains {100 * self.with_true_gains:+.1f} %)  "
            f"gains {self.gain_error_db:.2f} dB (do nothing {self.zero_error_db:.2f})  harm {self.harm_db:.2f} dB"
        )


class Watch:
    """Judges a task on `batches` batches of a mixer; a check of the loop (training/loop.py)."""

    def __init__(self, mixer: Mixer, batches: int = 16) -> None:
        self._batches = list(islice(loader(mixer, start_step=0, workers=0), batches))

    def __call__(self, task: nn.Module, step: int) -> None:
        assert isinstance(task, LiteTask)
        log.info("check at %d: %s", step, self.judge(task))

    @torch.no_grad()
    def judge(self, task: LiteTask) -> Seen:
        columns: dict[str, list[Tensor]] = {name: [] for name in ("before", "after", "known", "error", "zero", "harm")}
        entropy = 0.0
        for batch in self._batches:
            entropy += float(task(batch)["stems"]) / len(self._batches)
            remixed = task.remix(batch)
            known = task.with_true_gains(remixed.masks, batch)
            spoilt, heard = batch["good"] == 0, batch["audible"] > 0
            for name, mix in (("before", batch["mixture"].sqrt()), ("after", remixed.magnitude), ("known", known)):
                columns[name].append(task.distance(mix, batch)[spoilt])
            mean = remixed.gains_db.mean(1)
            columns["error"].append((mean - batch["gains_db"]).abs()[heard & spoilt[:, None]])
            columns["zero"].append(batch["gains_db"].abs()[heard & spoilt[:, None]])
            columns["harm"].append(mean.abs()[heard & ~spoilt[:, None]])
        before, after, known_distance, error, zero, harm = (
            float(torch.cat(values).mean()) for values in columns.values()
        )
        return Seen(entropy, after / before - 1, known_distance / before - 1, error, zero, harm)
