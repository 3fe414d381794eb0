"""What a metric may look at: an output beside its reference, each view of either computed once, however many metrics ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from limelight.metrics import papers
from limelight.metrics.balance import moved, moving_gains
from limelight.metrics.papers import SAMPLE_RATE, Analysed
from limelight.metrics.pretrained import NO_NETWORKS, Image, MetricNetworks

Array = NDArray[np.floating]

MIXTURE, STEMS, DECISION, TAGGER, EMBEDDER = "mixture", "stems", "decision", "tagger", "embedder"


@dataclass(frozen=True, eq=False, repr=False)
class Reference:
    """What outputs are compared with, each view of it computed once, however many outputs there are."""

    target: Analysed
    mixture: Analysed | None = None
    stems: Array | None = None  # [K, N], of the target
    right_db: Array | None = None  # [K, T], the gains that undo what was done to the stems
    present: NDArray[np.bool_] | None = None  # [K], which stems are there at all
    networks: MetricNetworks = NO_NETWORKS
    pictures: Sequence[Image] = ()

    @cached_property
    def logits(self) -> Array:
        """What the tagger hears in the target, [W]."""
        return self.networks.logits(self.target.samples)

    @cached_property
    def embedding(self) -> Array:
        """Of the target, [D]."""
        return self.networks.sound(self.target.samples)

    @cached_property
    def seen(self) -> Array:
        """The embeddings of the pictures, [T, D]."""
        return self.networks.seen(self.pictures)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """An output beside its reference: all that a metric may look at. Sounds are mono at 44.1 kHz."""

    output: Analysed
    reference: Reference
    decided_db: Array | None = None  # [K, T], gains that were decided for the stems
    clean: bool = False  # whether the method was given the target itself, a mix with nothing to mend

    @cached_property
    def offers(self) -> frozenset[str]:
        """Which needs are met."""
        known, networks = self.reference, self.reference.networks
        there = {
            MIXTURE: known.mixture is not None,
            STEMS: known.stems is not None,
            DECISION: self.decided_db is not None and known.present is not None,
            TAGGER: bool(networks.tagger),
            EMBEDDER: bool(networks.embedder) and len(known.pictures) > 0,
        }
        return frozenset(name for name, met in there.items() if met)

    @property
    def target(self) -> Analysed:
        return self.reference.target

    @property
    def stems(self) -> Array:
        """[K, N], of the target, for metrics that need them."""
        assert self.reference.stems is not None
        return self.reference.stems

    @cached_property
    def gain(self) -> float:
        """What brings the output to the target's loudness."""
        return papers.matching_gain(self.output.loudness_lufs, self.target.loudness_lufs)

    @cached_property
    def parts(self) -> Array:
        """The output as far as moving gains on the true stems explain it, [K, N]."""
        gains = moving_gains(self.output.samples, self.stems, sample_rate=SAMPLE_RATE)
        return moved(self.stems, gains, sample_rate=SAMPLE_RATE)

    @cached_property
    def embedding(self) -> Array:
        """Of the output, [D]."""
        return self.reference.networks.sound(self.output.samples)
