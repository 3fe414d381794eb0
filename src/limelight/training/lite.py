"""What `lite` is trained to do, as one thing: tell the stems apart, decide on their gains, and come near the good mix.

Separator and director learn together, each with what the other can do at the time. All is computed on lines
(networks/lines.py), that is on magnitudes: phases are the mixture's, whatever the gains.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from limelight.networks.lite import Lite, LiteConfig, Rebalanced, remix_mask
from limelight.training.losses import gain_distance, mask_cross_entropy, relative_distance


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts, and how much a mixture that is good already counts beside a spoilt one."""

    stems: float = 1.0
    remix: float = 1.0
    known: float = 1.0  # of the remix, had the gains been known: what the masks are for
    gains: float = 0.01  # of a decibel, where the remix's distance is relative to the good mix
    good: float = 1.5


@dataclass(frozen=True)
class Remixed:
    """What the model makes of a batch."""

    masks: Tensor  # [B, K, T, N]
    gains_db: Tensor  # [B, L, K]
    magnitude: Tensor  # of the remix, [B, T, N]


class LiteTask(nn.Module):
    """The model with its losses, as one module that a loop can step."""

    def __init__(self, config: LiteConfig, weights: Weights | None = None, model: Lite | None = None) -> None:
        """`model`: one that stands already, of that config."""
        super().__init__()
        self.config, self.weights = config, weights or Weights()
        self.model = model or Lite(config)
        self.bins_per_line: Tensor
        self.register_buffer("bins_per_line", self.model.separator.lines.widths.clone(), persistent=False)

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses by name; "total" is what is minimised. The batch is as training/batches.py draws it."""
        remixed = self.remix(batch)
        distance = self.distance(remixed.magnitude, batch)
        known = self.distance(self.with_true_gains(remixed.masks, batch), batch)
        of_gains = gain_distance(remixed.gains_db, batch["gains_db"])
        count = 1 + (self.weights.good - 1) * batch["good"]
        losses = {
            "stems": mask_cross_entropy(remixed.masks, batch["mixture"], batch["stems"], self.bins_per_line),
            "remix": (distance * count).sum() / count.sum(),
            "known": known.mean(),
            "gains": (of_gains * count).sum() / count.sum(),
        }
        losses["total"] = torch.stack([getattr(self.weights, name) * loss for name, loss in losses.items()]).sum()
        return losses

    def remix(self, batch: dict[str, Tensor]) -> Remixed:
        """The batch's mixtures, rebalanced under the batch's "context" where there is one."""
        power = batch["mixture"]
        made = self.model.rebalance(power, batch.get("context"))
        return Remixed(made.masks, made.gains_db, self.remixed(made.masks, made.gains_db, power))

    def remixed(self, masks: Tensor, gains_db: Tensor, power: Tensor) -> Tensor:
        """Σ_k 10^(g_k/20) · M_k · |X|, [B, T, N], of gains per token [B, L, K]."""
        return remix_mask(Rebalanced(masks, gains_db), self.config) * power.sqrt()

    def with_true_gains(self, masks: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """What these masks would make of the mixtures had the gains been known, [B, T, N]."""
        tokens = masks.shape[2] // self.config.steps_per_token
        gains_db = batch["gains_db"][:, None].expand(-1, tokens, -1)
        return self.remixed(masks, gains_db, batch["mixture"])

    def distance(self, magnitude: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Of a mix [B, T, N] to the good one, level-matched and relative to it, [B]."""
        return relative_distance(magnitude, batch["target"].sqrt(), self.model.k, self.bins_per_line)

    def matrices(self) -> list[nn.Parameter]:
        """The weights in training that Muon is for: matrices inside the networks, not those that touch the lines."""
        edges = ("split", "masks", "taps")
        return [
            p
            for name, p in self.named_parameters()
            if p.requires_grad and p.ndim >= 2 and not any(e in name for e in edges)
        ]
