"""The stems of a good mix as a spoilt mixture has them: what networks that take apart are shown as the truth."""

from __future__ import annotations

import torch
from torch import Tensor

RIDGE = 1e-7  # of the stems' power, so that a silent one gets no gain
SILENCE = 1e-9  # power


def heard_stems(stems: Tensor, mixture: Tensor) -> Tensor:
    """The target's stems [B, K, N] as the spoilt mixture [B, N] has them."""
    return stems * gains_in(stems, mixture)[..., None]


def gains_in(stems: Tensor, mixture: Tensor) -> Tensor:
    """The gains [B, K] of the stems [B, K, N] that explain the mixture [B, N] best; a silent one's is 0.

    Exact where the gains were static: they solve (S Sᵀ) a = S x.
    """
    alike = torch.einsum("bkn,bjn->bkj", stems, stems).double()
    found = torch.einsum("bkn,bn->bk", stems, mixture).double()
    ridge = RIDGE * alike.diagonal(dim1=1, dim2=2).sum(1)[:, None, None] + SILENCE
    return torch.linalg.solve(alike + ridge * torch.eye(stems.shape[1]).to(alike), found).to(stems)
