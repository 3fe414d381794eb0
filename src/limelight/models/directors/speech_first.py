"""Speech first: a rule decides on the gains, until something is shown to do better on real films.

    in each scene   present: the share of time in which somebody speaks
                    over:    how far speech stands over the rest while somebody speaks, in LU
    present > 0.2 and −16 < over < 3:  speech up and the rest down until speech stands 7 LU over it
    else:                              nothing

Half of the shift lifts the speech and half lowers the rest; then all together by what keeps the scene as loud as it was. So the
rest, and its hiss, never comes up. In a long scene neighbouring parts come nearer to each other: a voice does not jump.

Two more are there to compare (docs/real-films.md). "cautious" acts from −24 to −4 LU and aims at 9: nine tenths of what is
mended and three fifths of the harm, on the mixes that its constants were chosen on. "bold" acts from −24 to 3 LU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from limelight.models.card import Card, plain_card
from limelight.types import STEMS, Cues, Decision, Scene, StemFeatures, Vector
from limelight.vision.shots import scene_boundaries

SPEAKS = 0.5  # presence over this is speech
SHORTEST_SECONDS, LONGEST_SECONDS = 8.0, 30.0  # of one decision
NEAR_SECONDS = 0.05  # of a scene's boundary
REST = ("music", "effects")
# How often bringing speech to its place made a mix better in which it stood so: half of them bad (research/director/constants).
CHANCE_OVER_LU = (-20.0, -12.0, -6.0, -2.0, 2.0, 6.0, 10.0, 14.0, 18.0, 25.0)
CHANCE = (0.56, 0.56, 0.72, 0.41, 0.33, 0.21, 0.05, 0.20, 0.27, 0.33)


@dataclass(frozen=True)
class SpeechRule:
    """When to lift speech, and how far."""

    name: str
    least_presence: float
    lowest_lu: float
    highest_lu: float
    wanted_lu: float
    largest_db: float

    def shift_db(self, present: float, over_lu: float) -> float:
        """How far speech is to move against the rest; 0 is no move."""
        if present <= self.least_presence or not self.lowest_lu < over_lu < self.highest_lu:
            return 0.0
        return min(self.wanted_lu - over_lu, self.largest_db)


USUAL = SpeechRule("speech-first", 0.2, -16.0, 3.0, 7.0, float("inf"))
CAUTIOUS = SpeechRule("cautious", 0.2, -24.0, -4.0, 9.0, 18.0)
BOLD = SpeechRule("bold", 0.2, -24.0, 3.0, 9.0, 18.0)
RULES = (USUAL, CAUTIOUS, BOLD)
NAME = USUAL.name


class SpeechFirst:
    """A rule, as a director."""

    def __init__(self, rule: SpeechRule = USUAL) -> None:
        self.rule = rule

    @property
    def card(self) -> Card:
        return plain_card(self.rule.name, "director", source=repr(self.rule))

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        parts = stretches(heard, seen)
        rows = [(heard.times_seconds >= start) & (heard.times_seconds < end) for start, end in parts]
        stands = [standing(heard, inside) for inside in rows]
        shifts = steadied([self.rule.shift_db(*one) for one in stands], parts, scene_boundaries(seen))
        gains, scenes = np.zeros((len(STEMS), len(heard.times_seconds))), []
        for part, inside, (present, over), shift in zip(parts, rows, stands, shifts, strict=True):
            gains[:, inside] = balanced(heard, inside, shift)[:, None]
            said = reason(present, over, shift, self.rule)
            scenes.append(Scene(*part, said, confidence(heard.presence[inside], over, shift, self.rule)))
        return Decision(gains, tuple(scenes))


def standing(heard: StemFeatures, rows: NDArray[np.bool_]) -> tuple[float, float]:
    """The share of some rows [T] in which somebody speaks, and how far speech stands over the rest then, in LU."""
    spoken = rows & (heard.presence > SPEAKS)
    over = heard.loudness_lufs(("speech",), spoken) - heard.loudness_lufs(REST, spoken)
    return float(spoken.sum() / max(1, rows.sum())), over


def steadied(
    shifts_db: Sequence[float], parts: Sequence[tuple[float, float]], boundaries: Sequence[float]
) -> list[float]:
    """Shifts of a film's parts, each the mean with its neighbours in the same scene; what is left alone stays so."""
    joined = [not any(abs(cut - start) < NEAR_SECONDS for cut in boundaries) for start, _ in parts[1:]]
    steady = []
    for n, shift in enumerate(shifts_db):
        before = [shifts_db[n - 1]] if n and joined[n - 1] else []
        after = [shifts_db[n + 1]] if n + 1 < len(parts) and joined[n] else []
        steady.append(float(np.mean([*before, shift, *after])) if shift else 0.0)
    return steady


def confidence(presence: Vector, over_lu: float, shift_db: float, rule: SpeechRule) -> float:
    """How often what was decided was right where speech stood so, 0…1; of silence, how surely nobody speaks."""
    chance = float(np.interp(over_lu, CHANCE_OVER_LU, CHANCE))
    if shift_db:
        return chance
    if not len(presence) or not np.isfinite(presence).all():
        return 0.0
    present = float((presence > SPEAKS).mean()) > rule.least_presence
    return 1 - chance if present else 1 - float(presence.mean())


def balanced(heard: StemFeatures, rows: NDArray[np.bool_], shift_db: float) -> Vector:
    """Gains [K] that shift speech against the rest and keep some rows as loud as they were."""
    gains = np.array([shift_db / 2 if stem == "speech" else -shift_db / 2 for stem in STEMS])
    powers = heard.powers[:, :, rows].sum(axis=2)
    factors = 10 ** (gains / 20)
    before, after = float(powers.sum()), float(factors @ powers @ factors)
    return gains + (10 * np.log10(before / after) if before > 0 and after > 0 else 0.0)


def reason(present: float, over: float, shift: float, rule: SpeechRule = USUAL) -> str:
    """What was heard, in words."""
    if present <= rule.least_presence:
        return "hardly anybody speaks" if present > 0 else "nobody speaks"
    stands = f"{abs(over):.0f} LU {'over' if over >= 0 else 'under'} the rest while somebody speaks"
    if not shift and over <= rule.lowest_lu:
        return f"speech lies {stands}: too deep to be lifted"
    return f"speech {'lies' if shift else 'stands'} {stands}"


def stretches(heard: StemFeatures, seen: Cues) -> list[tuple[float, float]]:
    """The film's scenes, in seconds; short ones with what follows, long ones in equal parts."""
    end = float(heard.times_seconds[-1]) + 1.0
    edges = [0.0]
    for cut in scene_boundaries(seen):
        if min(cut - edges[-1], end - cut) >= SHORTEST_SECONDS:
            edges.append(cut)
    edges.append(end)
    parts: list[tuple[float, float]] = []
    for first, last in pairwise(edges):
        inner = np.linspace(first, last, int(np.ceil((last - first) / LONGEST_SECONDS)) + 1)
        parts += list(zip(inner[:-1].tolist(), inner[1:].tolist(), strict=True))
    return parts
