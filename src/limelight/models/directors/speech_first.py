"""Speech first: the rule by which gains are decided until a learnt director is shown to do better on real films.

    in each scene   present: the share of time in which somebody speaks
                    over:    how far speech stands over the rest while somebody speaks, in LU
    present > 0.2 and −16 < over < 3:  speech up and the rest down until speech stands 7 LU over it
    else:                              nothing

Half of the shift lifts the speech and half lowers the rest; then all together by what keeps the scene as loud as it was.
A good mix is left as it is: in real films speech mostly stands over 3 LU above the rest while it is spoken.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from limelight.models.card import Card, plain_card
from limelight.types import STEMS, Cues, Decision, Scene, StemFeatures, Vector
from limelight.vision.shots import scene_boundaries

NAME = "speech-first"
SPEAKS = 0.5  # presence over this is speech
LEAST_PRESENCE = 0.2
LOWEST_LU, HIGHEST_LU, WANTED_LU = -16.0, 3.0, 7.0
SHORTEST_SECONDS, LONGEST_SECONDS = 8.0, 30.0  # of one decision
REST = ("music", "effects")


class SpeechFirst:
    """The rule, as a director."""

    @property
    def card(self) -> Card:
        return plain_card(NAME, "director")

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        gains, scenes = np.zeros((len(STEMS), len(heard.times_seconds))), []
        for start, end in stretches(heard, seen):
            inside = (heard.times_seconds >= start) & (heard.times_seconds < end)
            spoken = inside & (heard.presence > SPEAKS)
            present = float(spoken.sum() / max(1, inside.sum()))
            over = heard.loudness_lufs(("speech",), spoken) - heard.loudness_lufs(REST, spoken)
            shift = WANTED_LU - over if present > LEAST_PRESENCE and LOWEST_LU < over < HIGHEST_LU else 0.0
            gains[:, inside] = balanced(heard, inside, shift)[:, None]
            scenes.append(Scene(start, end, reason(present, over, shift), confidence=1.0))
        return Decision(gains, tuple(scenes))


def balanced(heard: StemFeatures, rows: NDArray[np.bool_], shift_db: float) -> Vector:
    """Gains [K] that shift speech against the rest and keep some rows as loud as they were."""
    gains = np.array([shift_db / 2 if stem == "speech" else -shift_db / 2 for stem in STEMS])
    powers = heard.powers[:, :, rows].sum(axis=2)
    factors = 10 ** (gains / 20)
    before, after = float(powers.sum()), float(factors @ powers @ factors)
    return gains + (10 * np.log10(before / after) if before > 0 and after > 0 else 0.0)


def reason(present: float, over: float, shift: float) -> str:
    """What was heard, in words."""
    if present <= LEAST_PRESENCE:
        return "hardly anybody speaks" if present > 0 else "nobody speaks"
    stands = f"{abs(over):.0f} LU {'over' if over >= 0 else 'under'} the rest while somebody speaks"
    if not shift and over <= LOWEST_LU:
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
