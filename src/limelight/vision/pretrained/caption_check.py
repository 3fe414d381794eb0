"""Whether captions speak of what is seen, and whether their embeddings are fit for a network: SemMix's own checks.

From SemMix (arXiv 2601.08871), which names two signs of failure: captions that are off screen, and embeddings that are
misaligned. For pictures f_p and captions c_p, both of length 1:

    own_p = ⟨f_p, c_p⟩        others_p = mean over q ≠ p of ⟨f_q, c_p⟩        found_p: own_p is the largest of ⟨f_q, c_p⟩

A caption that speaks of its picture has own over others; one that would suit any picture has them alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limelight.types import Vector
from limelight.vision.pretrained.sampling import Rows

LENGTH_TOLERANCE = 1e-3
NOTICEABLE_LEAD = 0.02  # a choice of ours: what a verdict in words turns on; the figures are told beside it


@dataclass(frozen=True)
class Grounding:
    """Similarities of captions with their own pictures and with the others', −1…1."""

    own: Vector  # [P]
    others: Vector  # [P]
    found: float  # share of captions to which no other picture is nearer

    @property
    def lead(self) -> float:
        """By how much the own picture is nearer, in the mean: near 0 the captions are off screen."""
        return float((self.own - self.others).mean())

    @property
    def is_grounded(self) -> bool:
        """Whether captions speak of their own pictures more than of others."""
        return self.lead > NOTICEABLE_LEAD


def grounding(pictures: Rows, captions: Rows) -> Grounding:
    """From embeddings of pictures and of their captions in one space, [P, D] each, P at least 2."""
    if pictures.shape != captions.shape or len(pictures) < 2:
        raise ValueError(f"a caption for each of at least two pictures, got {pictures.shape} and {captions.shape}")
    alike = captions.astype(np.float64) @ pictures.T  # [caption, picture]
    own = np.diag(alike)
    others = (alike.sum(axis=1) - own) / (len(alike) - 1)
    return Grounding(own, others, float((own >= alike.max(axis=1)).mean()))


@dataclass(frozen=True)
class Consistency:
    """What embeddings [P, D] are like: all of length 1, or zeros where nothing is said."""

    width: int
    rows: int
    empty: int
    shortest: float  # length of those that are not empty; 1 where all are
    longest: float

    @property
    def is_unit(self) -> bool:
        """Whether the scaling is the one that every encoder of ours has."""
        return max(abs(self.shortest - 1), abs(self.longest - 1)) <= LENGTH_TOLERANCE


def consistency(rows: Rows) -> Consistency:
    """Of embeddings [P, D]."""
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    said = lengths[lengths > 0]
    empty = len(lengths) - len(said)
    return Consistency(rows.shape[1], len(rows), empty, float(said.min(initial=1)), float(said.max(initial=1)))
