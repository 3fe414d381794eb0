"""How a good mix is spoilt: first drawn as a plain record, then applied.

`paper` is VisAH's rule (CVPR 2025): the loudest stem comes down by 6, 9 or 12 dB, the others go up by as much.
`none` leaves the mix alone: well mixed in, well mixed out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limelight.signals import STEMS

STEPS_DB = (6.0, 9.0, 12.0)


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


def draw_paper(rng: np.random.Generator, loudness_lufs: dict[str, float]) -> Degradation:
    """The loudest stem down, the other two up, one step for all; `loudness_lufs` is integrated, −inf is silence."""
    step = float(rng.choice(STEPS_DB))
    loudest = max(STEMS, key=lambda stem: loudness_lufs[stem])
    down_up = [-step if stem == loudest else step for stem in STEMS]
    return Degradation("paper", (down_up[0], down_up[1], down_up[2]))
