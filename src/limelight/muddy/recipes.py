"""How a good mix is spoilt by one gain a stem: first drawn as a plain record, then applied.

`paper` is the rule of VisAH's text (CVPR 2025): the loudest stem comes down by 6, 9 or 12 dB, the others go up by as
much. `released` is what its published script does: the loudest and one other come down, the third goes up, each by a
step of its own. `none` leaves the mix alone: well mixed in, well mixed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limelight.signals import STEMS

STEPS_DB = (6.0, 9.0, 12.0)
LEVELS_DB = {"low": STEPS_DB[:1], "medium": STEPS_DB[1:2], "high": STEPS_DB[2:], "mixed": STEPS_DB}


@dataclass(frozen=True)
class Degradation:
    """Gains that were put on the stems, in the order of STEMS."""

    recipe: str
    gains_db: tuple[float, float, float]

    @property
    def inverse_db(self) -> tuple[float, float, float]:
        """The gains that undo it."""
        return (-self.gains_db[0], -self.gains_db[1], -self.gains_db[2])


NONE = Degradation("none", (0.0, 0.0, 0.0))


def draw_paper(
    rng: np.random.Generator, loudness_lufs: dict[str, float], *, steps_db: Sequence[float] = STEPS_DB
) -> Degradation:
    """The loudest stem down, the other two up, one step for all; `loudness_lufs` is integrated, −inf is silence."""
    step = float(rng.choice(steps_db))
    loudest = loudest_stem(loudness_lufs)
    down_up = [-step if stem == loudest else step for stem in STEMS]
    return Degradation("paper", (down_up[0], down_up[1], down_up[2]))


def draw_released(
    rng: np.random.Generator, loudness_lufs: dict[str, float], *, steps_db: Sequence[float] = STEPS_DB
) -> Degradation:
    """The loudest and one other down, the third up; who the third is, and every step, is drawn by itself."""
    loudest = loudest_stem(loudness_lufs)
    raised = str(rng.choice([stem for stem in STEMS if stem != loudest]))
    steps = rng.choice(steps_db, len(STEMS))
    gains = [float(step if stem == raised else -step) for stem, step in zip(STEMS, steps, strict=True)]
    return Degradation("released", (gains[0], gains[1], gains[2]))


def loudest_stem(loudness_lufs: dict[str, float]) -> str:
    """The first of the loudest."""
    return max(STEMS, key=lambda stem: loudness_lufs[stem])
