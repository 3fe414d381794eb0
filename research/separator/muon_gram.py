"""Muon's iteration on the small side: all rounds on the Gram matrix, one product with the long matrix at the end.

Newton and Schulz's rounds multiply Y from the left by polynomials of its Gram matrix, which commute; so their product can be
gathered in A × A and put on once. For [160, 1920] that is a fifth of the work. Singular values below 3e-4 of the norm are
lost in single precision; momentum is noisier than that.
"""

from __future__ import annotations

import torch
from torch import Tensor

import limelight.training.muon as muon


def orthogonal(x: Tensor) -> Tensor:
    """As limelight.training.muon's."""
    a, b, c = muon.COEFFICIENTS
    flat = x.flatten(0, -3)
    tall = flat.shape[-2] > flat.shape[-1]
    y = flat.mT if tall else flat
    y = y / y.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    gram = y @ y.mT
    unit = torch.eye(gram.shape[-1], dtype=y.dtype)
    whole = unit.expand_as(gram)
    for _ in range(muon.ROUNDS):
        step = a * unit + b * gram + c * gram @ gram
        whole = step @ whole
        gram = step @ gram @ step
    y = whole @ y
    return (y.mT if tall else y).reshape(x.shape)


def install() -> None:
    """In place of the iteration on the long side."""
    muon.orthogonal = orthogonal
