"""Speech first: a rule decides on the gains, until something is shown to do better on real films.

    in each scene   present: the share of time in which somebody surely speaks
                    over:    how far speech stands over the rest while somebody speaks, in LU
    present > 0.2, and for 3 s or present > 0.6, and −16 < over < 3:  speech up and the rest down until it stands 7 LU over it
    else:                                                             nothing

Half of the shift lifts the speech and half lowers the rest; then all together by what keeps the scene as loud as it was. So the
rest, and its hiss, never comes up. In a long scene neighbouring parts come nearer to each other: a voice does not jump.

Two more are there to compare (docs/real-films.md). "cautious" acts from −24 to −4 LU and aims at 9: nine tenths of what is
mended and three fifths of the harm, on the mixes that its constants were chosen on. "bold" acts from −24 to 3 LU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from limelight.models.card import Card, plain_card
from limelight.models.directors.style import Style
from limelight.types import STEMS, Cues, Decision, Scene, StemFeatures, Vector
from limelight.vision.shots import scene_boundaries

SPEAKS = 0.5  # presence over this is speech
SHORTEST_SECONDS, LONGEST_SECONDS = 8.0, 30.0  # of one decision
NEAR_SECONDS = 0.05  # of a scene's boundary
REST = ("music", "effects")
CLOSE_LU, FURTHEST, HALVINGS = 1e-6, 20.0, 40  # of the search where a limit is met
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
    least_seconds: float = 3.0  # of talk in a scene; by less nobody can judge how it stands
    mostly: float = 0.6  # unless it fills so much of a short scene
    surely: float = 0.8  # presence over this counts for both; machines and music are at times half taken for a voice

    def shift_db(self, present: float, over_lu: float, spoken_seconds: float = math.inf) -> float:
        """How far speech is to move against the rest; 0 is no move."""
        if self.too_little(present, spoken_seconds) or not self.lowest_lu < over_lu < self.highest_lu:
            return 0.0
        return min(self.wanted_lu - over_lu, self.largest_db)

    def too_little(self, present: float, spoken_seconds: float) -> bool:
        """Whether there is not enough talk to judge by."""
        return present <= self.least_presence or (spoken_seconds < self.least_seconds and present <= self.mostly)


USUAL = SpeechRule("speech-first", 0.2, -16.0, 3.0, 7.0, float("inf"))
CAUTIOUS = SpeechRule("cautious", 0.2, -24.0, -4.0, 9.0, 18.0)
BOLD = SpeechRule("bold", 0.2, -24.0, 3.0, 9.0, 18.0)
RULES = (USUAL, CAUTIOUS, BOLD)
NAME = USUAL.name


@dataclass(frozen=True)
class SpeechFirst:
    """A rule, as a director; a style sets other numbers, and how far each stem may be moved."""

    rule: SpeechRule = USUAL
    style: Style | None = None

    @property
    def card(self) -> Card:
        return plain_card(self.rule.name, "director", source=repr(self.rule))

    @property
    def followed(self) -> SpeechRule:
        """The rule, or what the style makes of it."""
        style = self.style
        if style is None:
            return self.rule
        deep, from_lu = style.too_deep_below_lu, style.left_alone_from_lu
        wanted = style.speech_over_rest_lu
        return SpeechRule(
            self.rule.name,
            style.least_speech_share,
            deep,
            from_lu,
            wanted,
            math.inf,
            style.least_speech_seconds,
            surely=SPEAKS,
        )

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        parts = stretches(heard, seen)
        rows = [(heard.times_seconds >= start) & (heard.times_seconds < end) for start, end in parts]
        rule = self.followed
        stands = [standing(heard, inside, rule.surely) for inside in rows]
        shifts = [max(0.0, rule.shift_db(*one)) for one in stands]
        if self.style is None:  # a style is kept exactly, part by part
            shifts = steadied(shifts, parts, scene_boundaries(seen))
        gains, scenes = np.zeros((len(STEMS), len(heard.times_seconds))), []
        for part, inside, stand, shift in zip(parts, rows, stands, shifts, strict=True):
            gains[:, inside] = self._gains(heard, inside, shift)[:, None]
            scenes.append(
                Scene(*part, reason(*stand, shift, rule), confidence(heard.presence[inside], stand[1], shift, rule))
            )
        return Decision(gains, tuple(scenes))

    def _gains(self, heard: StemFeatures, rows: NDArray[np.bool_], shift_db: float) -> Vector:
        if self.style is None:
            return balanced(heard, rows, shift_db)
        return as_loud(heard, rows, shifted(heard, rows & (heard.presence > SPEAKS), shift_db, self.style))


def standing(heard: StemFeatures, rows: NDArray[np.bool_], sure: float = SPEAKS) -> tuple[float, float, float]:
    """Share of some rows [T] in which somebody surely speaks; how far speech stands over the rest while somebody speaks, LU;
    for how many seconds surely."""
    spoken, surely = (rows & (heard.presence > least) for least in (SPEAKS, sure))
    over = heard.loudness_lufs(("speech",), spoken) - heard.loudness_lufs(REST, spoken)
    step = float(np.median(np.diff(heard.times_seconds))) if len(heard.times_seconds) > 1 else 0.0
    return float(surely.sum() / max(1, rows.sum())), over, step * float(surely.sum())


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
    return as_loud(heard, rows, np.array([shift_db / 2 if stem == "speech" else -shift_db / 2 for stem in STEMS]))


def shifted(heard: StemFeatures, spoken: NDArray[np.bool_], shift_lu: float, style: Style) -> Vector:
    """Gains [K] that bring speech so much further over the rest, as far as the style's limits let them.

    Where one stem has come to its limit the others go further: how far is found by halving.
    """

    def moved(shift: float) -> Vector:
        down = (1 - style.lifted_share) * shift
        lift = min(style.lifted_share * shift, style.most_lift_db)
        return np.array([lift, -min(down, style.most_music_cut_db), -min(down, style.most_effects_cut_db)])

    rest = [STEMS.index(stem) for stem in REST]
    powers = heard.powers[np.ix_(rest, rest)][:, :, spoken].sum(axis=2)

    def gained(gains: Vector) -> float:
        factors = 10 ** (gains[rest] / 20)
        before, after = float(powers.sum()), float(factors @ powers @ factors)
        return float(gains[0]) - (
            10 * math.log10(after / before) if before > 0 and after > 0 else float(gains[rest].max())
        )

    low, high = shift_lu, FURTHEST * max(shift_lu, 1.0)
    if gained(moved(low)) >= shift_lu - CLOSE_LU:
        return moved(low)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if gained(moved(middle)) >= shift_lu else (middle, high)
    return moved(high)


def as_loud(heard: StemFeatures, rows: NDArray[np.bool_], gains: Vector) -> Vector:
    """Gains [K], all moved together so that some rows stay as loud as they were."""
    powers = heard.powers[:, :, rows].sum(axis=2)
    factors = 10 ** (gains / 20)
    before, after = float(powers.sum()), float(factors @ powers @ factors)
    return gains + (10 * np.log10(before / after) if before > 0 and after > 0 else 0.0)


def reason(present: float, over: float, spoken_seconds: float, shift: float, rule: SpeechRule = USUAL) -> str:
    """What was heard, in words."""
    if rule.too_little(present, spoken_seconds):
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
