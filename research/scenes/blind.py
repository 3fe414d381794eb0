"""The fault of who mixes without looking: the balance of another kind of scene, drawn by what is heard alone.

    gains = curves of a balance of a kind drawn from P(kind | cast)  −  curves of the scene's own balance

The wrong kind is drawn without regard to the right one, so the bad mix says nothing about which kind it should be: only
the picture does. Now and then the kind is right by luck, and there is little to mend. The recipe is ours; `paper` puts
down what leads, and so a model can find it by its being too soft, without looking.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limelight.dataset.degrade import Degradation
from limelight.types import STEMS, Vector
from research.scenes.dry import Dry
from research.scenes.ducking import mixing_curves
from research.scenes.rules import KINDS, Kind, chances, draw_balance, draw_kind

BLIND = "blind"


def draw_blind(
    rng: np.random.Generator, cast: Sequence[str], dry: Dry, own_db: Vector, *, kinds: Sequence[Kind] = KINDS
) -> Degradation:
    """What turns the scene's own mix, of curves `own_db` [K, T], into one that was made blindly."""
    kind = draw_kind(rng, chances(cast, kinds))
    changes = np.round(mixing_curves(draw_balance(rng, kind), dry.levels) - own_db, 2)
    changes[[stem not in dry.levels.audible for stem in STEMS]] = 0.0  # nothing can be done to what is silent
    if not np.ptp(changes, axis=1).any():
        changes = changes[:, :1]
    curves = tuple(tuple((row + 0.0).tolist()) for row in changes)
    return Degradation(BLIND, f"mixed as {kind}", round(float(np.abs(changes).max()), 2), curves)
