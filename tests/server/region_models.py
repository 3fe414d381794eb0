"""A separator and a director for tests of the page, by the name of this file: bands of frequency, gains that keep moving.

Annotations are evaluated: a file that is loaded by its name is no module in which a dataclass could look them up.
"""

from dataclasses import dataclass, field

import numpy as np
from fakes import FakeDirector, FakeSeparator, by_region

from limelight.models.directors.style import Style
from limelight.types import Cues, StemFeatures


def separator() -> FakeSeparator:
    return FakeSeparator(by_region((800.0, 4000.0)), presence=0.7, remembers=False)


def _moving(heard: StemFeatures, _seen: Cues) -> np.ndarray:
    phase = 2 * np.pi * heard.times_seconds[None] / np.array([[1.7], [2.3], [3.1]])
    return np.array([[8.0], [-9.0], [5.0]]) * np.sin(phase + np.array([[0.3], [1.0], [2.0]]))


@dataclass
class Styled(FakeDirector):
    """It can be told a style, and does as it always does."""

    style: Style = field(default_factory=Style)


def director() -> Styled:
    return Styled(_moving)
