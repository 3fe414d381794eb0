"""A good mix and its spoilt twin, as they will be written: on the grid of 24 bits, so that sums are exact.

    one scalar s ≤ 1      the largest of all peaks (stems, target, spoilt stems, input) comes to −0.5 dBFS; never up
    target                round(s · Σ stems · 2²³), an integer a sample
    speech, music         rounded the same way
    effects               target − speech − music, in integers: nothing is lost, whatever is rounded
    input                 what the recipe makes of exactly these stems, rounded

So the files' stems sum to the target's file to the last bit, and to the source (· s) to half a step: −138 dB.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limelight.dsp.gains import db_to_gain, gain_to_db
from limelight.muddy.levels import StemLevels
from limelight.muddy.spoiling import Spoiling, Stems
from limelight.signals import STEMS, Samples, Vector

STEPS = 2.0**23  # of full scale
CEILING_DB = -0.5
UNHEARD_DB = -30.0  # what one gain for all leaves unexplained, against the whole


@dataclass(frozen=True, repr=False)
class Pair:
    """Input and target of one clip, and what lies between; both on the grid."""

    stems: Stems  # [K, C, N], of the target
    input: Samples  # [C, N]
    spoiling: Spoiling
    scale_db: float  # what the source was brought down by, ≤ 0
    levels: StemLevels  # of the source's stems, before the scalar
    layout: str

    @property
    def target(self) -> Samples:
        """The good mix, [C, N]; exact, as a sum of integers under 2²⁴ is."""
        return np.asarray(self.stems.sum(axis=0, dtype=np.float64).astype(np.float32))


def spoil(stems: Stems, spoiling: Spoiling, *, layout: str, levels: StemLevels) -> Pair:
    """The pair that a recipe makes of stems [K, C, N] at 48 kHz."""
    spoilt = spoiling.applied(stems)
    everything = (stems, stems.sum(axis=0), spoilt, spoiling.mixed(spoilt, layout=layout))
    peak = max(float(np.abs(part).max(initial=0)) for part in everything)
    scale = min(1.0, float(db_to_gain(CEILING_DB)) / peak) if peak else 1.0
    exact = on_grid(stems, scale)
    given = rounded(spoiling.mixed(spoiling.applied(exact), layout=layout))
    return Pair(exact, given, spoiling, float(gain_to_db(scale)), levels, layout)


def on_grid(stems: Stems, scale: float = 1.0) -> Stems:
    """Stems [K, C, N] of 24 bits whose sum is the sum of the scaled ones, rounded once."""
    scaled = stems.astype(np.float64) * (scale * STEPS)  # three stems' sum does not fit float32's 24 bits
    steps = np.rint(scaled)
    steps[-1] = np.rint(scaled.sum(axis=0)) - steps[:-1].sum(axis=0)
    return (steps / STEPS).astype(np.float32)


def rounded(samples: Samples) -> Samples:
    """Samples of 24 bits."""
    return (np.rint(samples.astype(np.float64) * STEPS) / STEPS).astype(np.float32)


def why_trivial(spoiling: Spoiling, levels: StemLevels) -> str | None:
    """Why a pair teaches nothing that needs a picture, or None.

    Silent: there is no sound. The boosted stem is silent: the bad mix is the good one made quieter. Nothing audible
    changed: one gain for all explains it to −30 dB. Pairs that are left as they are on purpose are not trivial.
    """
    if not levels.audible:
        return "silent"
    if spoiling.recipe == "none" or spoiling.surroundings is not None:
        return None
    boosted = {stem for stem, curve in zip(STEMS, spoiling.curves_db, strict=True) if max(curve) > 0}
    if boosted and not boosted & set(levels.audible):
        return "the boosted stem is silent"
    return "nothing audible changed" if _unexplained_db(spoiling, levels.powers) < UNHEARD_DB else None


def _unexplained_db(spoiling: Spoiling, powers: Vector) -> float:
    """Power of Σ_k (g_k − g) s_k against Σ_k g_k s_k with the best g, for stems that do not resemble each other."""
    gains = np.broadcast_to(db_to_gain(spoiling.curves_db), powers.shape)
    best = (gains * powers).sum() / powers.sum()
    return float(10 * np.log10(max((np.square(gains - best) * powers).sum() / (gains**2 * powers).sum(), 1e-20)))
