"""What a remixing network is trained to do, as one module that the loop can step: come near the good mix."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limelight.errors import InputError
from limelight.networks.learn2remix import Learn2Remix
from limelight.networks.lite_remixer import LiteRemixer
from limelight.networks.remixer import Remixer
from limelight.training.joint_loss import JointTask
from limelight.training.lite_passages import LitePassages
from limelight.training.remix_losses import LOSSES

JOINT, STEMS = "joint", "stems"
NAMES = (*LOSSES, JOINT, STEMS)
NEED_STEMS = (JOINT, STEMS)


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
    """The task by its loss's name; "joint" and "stems" are for networks that separate too. Raises InputError."""
    if loss == JOINT:
        if not isinstance(network, Learn2Remix):
            raise InputError("Wanted the joint loss for another network than learn2remix; take linear or log.")
        return JointTask(network)
    if loss == STEMS:
        if not isinstance(network, LiteRemixer):
            raise InputError("Wanted the loss of stems for another network than lite; take linear or log.")
        return LitePassages(network)
    return RemixTask(network, loss)
