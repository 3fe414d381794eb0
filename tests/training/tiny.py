"""The smallest task that has all that the loop knows: matrices for Muon, vectors for AdamW, dropout, a loss of a batch."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

WIDTH, ROWS = 4, 8


class TinyTask(nn.Module):
    """Two linear layers that are to turn every row round."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, 8), nn.GELU(), nn.Dropout(0.1), nn.Linear(8, WIDTH))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        error = (self.layers(batch["rows"]) - batch["rows"].flip(1)).square().mean()
        return {"total": error, "untouched": batch["rows"].square().mean()}

    def matrices(self) -> Iterable[nn.Parameter]:
        return (layer.weight for layer in self.layers if isinstance(layer, nn.Linear))


def tiny_task(*, seed: int = 0) -> TinyTask:
    torch.manual_seed(seed)
    return TinyTask()


def batch(*, seed: int = 0) -> dict[str, Tensor]:
    return {"rows": torch.randn(ROWS, WIDTH, generator=torch.Generator().manual_seed(seed))}
