"""The director trained alone, on hearings of a separator that stays as it is (training/hearings.py)."""

from __future__ import annotations

import logging

import torch
from torch import Tensor, nn

from limelight.training.hearings import EVERY_TOKEN, Batch, stretch_of
from limelight.training.lite import LiteTask
from limelight.training.losses import gain_distance

log = logging.getLogger(__name__)


class DirectorTask(nn.Module):
    """The task's losses of what the director decides: the remix it makes, and its gains."""

    def __init__(self, task: LiteTask, *, context_dropout: float = 0.2) -> None:
        """`task` keeps its separator: only the director's weights are left in training."""
        super().__init__()
        self.task, self.context_dropout = task, context_dropout
        task.model.separator.requires_grad_(False)

    def forward(self, batch: Batch) -> Batch:
        """Losses by name; "total" is what is minimised. In training some pictures are left out."""
        context = batch["context"]
        if self.training:
            shown = torch.rand(len(context), device=context.device) >= self.context_dropout
            context = context * shown[:, None, None]
        gains_db = self.task.model.decide(batch["latent"], batch["levels_db"], context)
        weights = self.task.weights
        count = 1 + (weights.good - 1) * batch["good"]
        losses = {
            name: (value * count).sum() / count.sum()
            for name, value in (
                ("remix", self.distance(gains_db, batch)),
                ("gains", gain_distance(gains_db, batch["gains_db"])),
            )
        }
        losses["total"] = weights.remix * losses["remix"] + weights.gains * losses["gains"]
        return losses

    def distance(self, gains_db: Tensor, batch: Batch) -> Tensor:
        """Of the remix under gains [B, L, K] to the good mix, on the steps that were kept, [B]."""
        gains = 10 ** (gains_db[:, ::EVERY_TOKEN] / 20)
        magnitude = torch.einsum("btk,bktn->btn", gains, batch["masks"]) * batch["mixture"]
        return self.task.distance(magnitude, {"target": batch["target"].square()})


class DirectorWatch:
    """Looks at validation hearings: how far the remix comes, with whose picture, and in five seconds of them."""

    def __init__(self, hearings: Batch) -> None:
        self.hearings = {name: value.float() for name, value in hearings.items()}

    @torch.no_grad()
    def __call__(self, task: nn.Module, step: int) -> None:
        assert isinstance(task, DirectorTask)
        batch = self.hearings
        pictures = {
            "its own picture": batch,
            "another's": batch | {"context": batch["context"].roll(len(batch["good"]) // 2, 0)},
            "none": batch | {"context": torch.zeros_like(batch["context"])},
            "five seconds of it": stretch_of(batch, 2, 5, task.task.config.token_seconds),
        }
        for name, shown in pictures.items():
            _tell(task, step, name, shown)


def _tell(task: DirectorTask, step: int, name: str, batch: Batch) -> None:
    good = batch["good"] > 0
    gains_db = task.task.model.decide(batch["latent"], batch["levels_db"], batch["context"])
    nothing = task.distance(torch.zeros_like(gains_db), batch)[~good].mean()
    remix = task.distance(gains_db, batch)[~good].mean() / nothing - 1
    error = (gains_db.mean(1) - batch["gains_db"]).abs().mean(1)
    do_nothing = batch["gains_db"][~good].abs().mean()
    log.info(
        "check at %d, %s: remix %+.1f %%  gains %.2f dB (do nothing %.2f)  harm %.2f dB",
        *(step, name, 100 * remix, error[~good].mean(), do_nothing, error[good].mean()),
    )
