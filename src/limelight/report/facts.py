"""What came of a film, as facts that the summary on the terminal and the page share."""

from __future__ import annotations

from dataclasses import dataclass

from limelight.api import Highlighted
from limelight.mixing.plan import MixPlan
from limelight.mixing.reasons import NOTICEABLE_DB
from limelight.report.words import clock_time, decibels, duration, number
from limelight.types import STEMS


@dataclass(frozen=True)
class StemChange:
    """The gain of one stem over a film."""

    mean_db: float
    min_db: float
    max_db: float

    @property
    def left_alone(self) -> bool:
        """Whether nobody would notice, anywhere in the film."""
        return max(abs(self.min_db), abs(self.max_db)) < NOTICEABLE_DB

    def __str__(self) -> str:
        return "left alone" if self.left_alone else decibels(self.mean_db)

    @property
    def range_in_words(self) -> str:
        """From where to where; nothing where that is one place."""
        low, high = number(self.min_db, sign=True), number(self.max_db, sign=True)
        return "" if low == high else f"{low} to {high}"


def stem_changes(plan: MixPlan) -> dict[str, StemChange]:
    """The gains of each stem, the make-up gain of the whole mix not counted; none where the model knows no stems."""
    if not plan.has_stems:
        return {}
    return {
        stem: StemChange(float(curve.mean()), float(curve.min()), float(curve.max()))
        for stem, curve in zip(STEMS, plan.curves_db, strict=True)
    }


def picture_in_words(result: Highlighted) -> str:
    """What became of the picture."""
    if result.source.picture is None:
        return "none"
    return f"{result.written.verified.picture_packets} packets, bit-identical"


def time_in_words(result: Highlighted) -> str:
    """How long it took, against how long the film is."""
    spent, film = sum(result.stage_seconds.values()), result.source.duration_seconds
    said = f"{duration(spent)} for {clock_time(film)} of film"
    if spent <= 0 or film <= 0:
        return said
    return f"{said}, {film / spent:.1f} × faster" if film >= spent else f"{said}, {spent / film:.1f} × slower"
