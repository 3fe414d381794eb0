"""What a remixing network is trained to do, as one module that the loop can step: come near the good mix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from limelight.errors import InputError
from limelight.networks.learn2remix import Learn2Remix
from limelight.networks.remixer import Remixer
from limelight.training.losses import LOSSES, JointTask

JOINT = "joint"
NAMES = (*LOSSES, JOINT)
NEED_STEMS = (JOINT,)


@runtime_checkable
class WithMatrices(Protocol):
    """A task that names the weights which Muon takes."""

    def matrices(self) -> Iterable[nn.Parameter]: ...


class RemixTask(nn.Module):
    """The network with its loss. The batch is as training/passages.py draws it."""

    def __init__(self, network: Remixer, loss: str) -> None:
        """`loss`: a name of `LOSSES`."""
        super().__init__()
        self.network, self.loss = network, LOSSES[loss]

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised, "untouched" the mixture's own: passages differ widely in level.

        Never in half precision, whatever the network's is.
        """
        output = self.network(batch["mixture"], batch.get("context"))
        with torch.autocast(output.device.type, enabled=False):
            total = self.loss(output.float(), batch["target"])
            with torch.no_grad():
                untouched = self.loss(batch["mixture"], batch["target"])
        return {"total": total, "untouched": untouched}


def task_of(network: Remixer, loss: str) -> nn.Module:
    """The task by its loss's name; "joint" is for networks that separate too. Raises InputError."""
    if loss == JOINT:
        if not isinstance(network, Learn2Remix):
            raise InputError("Wanted the joint loss for another network than learn2remix; take linear or log.")
        return JointTask(network)
    return RemixTask(network, loss)
