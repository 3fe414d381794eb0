"""A learnt director that can be read: each move of a mixer is weighed by a product of curves, one for each fact of the scene.

    w_move = f(fact₁) · g(fact₂) · …         curves on straight lines between knots; f in dB, the others 0…1
    gains  = Σ_move w_move · move            [K, T] in dB, then one gain that keeps the scene as loud as it was

So "speech" has one curve that says how far to lift it, given how far it stands over the rest while somebody speaks, and one
that says from which share of speech on to dare it. The curves were fitted to what the moves do to the sound of good and bad
mixes at levels of real films: what pays on average over all mixes that look alike. A weight under its least is none at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import db_to_gain
from limelight.models.card import Card, plain_card
from limelight.models.directors.speech_first import stretches
from limelight.types import STEMS, Cues, Decision, Scene, StemFeatures, Vector
from limelight.vision.shots import scene_boundaries
from research.director.moves import FACTS, MOVES, facts_of, moves_of

NAME = "weighed"
LEAST = {"speech": 1.5, "music": 1.5, "duck": 1.5, "even": 0.2, "tame": 0.2}  # weights below these are none
NEAR_SECONDS = 0.05  # of a scene's boundary
HISS_DB, SHARES = 3.0, (1.0, 0.75, 0.5, 0.25)
SILENT_POWER = 1e-10
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """What one fact contributes: straight lines between knots, constant outside."""

    fact: str
    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, facts: Vector) -> float:
        return float(np.interp(facts[FACTS.index(self.fact)], self.knots, self.values))


@dataclass(frozen=True)
class Curves:
    """All that was learnt: the curves of each move, and those whose sum says how likely something is wrong (log odds)."""

    moves: Mapping[str, tuple[Curve, ...]]
    wrong: tuple[Curve, ...]
    mark: str  # of the training, for the card

    def weigh(self, facts: Vector) -> Vector:
        """Weights of the moves [M] for the facts [D] of a scene."""
        weights = [float(np.prod([curve(facts) for curve in self.moves[move]])) for move in MOVES]
        return np.array([w if abs(w) >= LEAST[move] else 0.0 for move, w in zip(MOVES, weights, strict=True)])

    def doubt(self, facts: Vector) -> float:
        """How likely something is wrong, 0…1."""
        return float(1 / (1 + np.exp(-np.clip(sum(curve(facts) for curve in self.wrong), -30, 30))))


class Weighed:
    """The director of some curves."""

    def __init__(self, curves: Curves) -> None:
        self.curves = curves

    @property
    def card(self) -> Card:
        return plain_card(NAME, "director", source=self.curves.mark)

    def decide(self, heard: StemFeatures, seen: Cues) -> Decision:
        gains, scenes = np.zeros((len(STEMS), len(heard.times_seconds))), []
        parts = stretches(heard, seen)
        rows = [(heard.times_seconds >= start) & (heard.times_seconds < end) for start, end in parts]
        facts = [facts_of(heard, inside) for inside in rows]
        weights = steadied(np.array([self.curves.weigh(one) for one in facts]), parts, scene_boundaries(seen))
        for (start, end), inside, told, wished in zip(parts, rows, facts, weights, strict=True):
            curves, share = quiet_kept(heard, inside, wished)
            gains[:, inside] = curves
            wrong, done = self.curves.doubt(told), share * wished
            scenes.append(Scene(start, end, reason(told, done), confidence=wrong if done.any() else 1 - wrong))
        return Decision(gains, tuple(scenes))


def steadied(weights: Vector, parts: Sequence[tuple[float, float]], boundaries: Sequence[float]) -> Vector:
    """Weights of a film's parts [P, M], those of neighbours in one scene brought nearer: nobody's voice jumps in a long scene.

    A part that nothing is done to stays so, as do those at a boundary on that side.
    """
    joined = [not any(abs(cut - start) < NEAR_SECONDS for cut in boundaries) for start, _ in parts[1:]]
    steady = weights.copy()
    for n in range(len(parts)):
        if weights[n].any():
            near = [m for m, one in ((n - 1, n - 1), (n + 1, n)) if 0 <= m < len(parts) and joined[one]]
            steady[n] = np.mean([weights[n], *(weights[m] for m in near)], axis=0)
    return steady


def quiet_kept(heard: StemFeatures, rows: Rows, weights: Vector) -> tuple[Vector, float]:
    """Gains [K, t] of weighed moves, and which share of them is made: so much that hiss does not come up.

    Hiss is what is left in the softest tenth of the rows; it may rise by HISS_DB.
    """
    moves = moves_of(heard, rows)
    for share in SHARES:
        curves = share * np.einsum("m,mkt->kt", weights, moves)
        curves = curves + level_kept_db(heard, rows, curves)
        if floor_rise_db(heard, rows, curves) <= HISS_DB:
            return curves, share
    return np.zeros_like(curves), 0.0


def floor_rise_db(heard: StemFeatures, rows: Rows, curves_db: Vector) -> float:
    """How far the softest tenth of some rows rises under gains [K, t]."""
    if not curves_db.any():
        return 0.0
    powers, gains = heard.powers[:, :, rows], db_to_gain(curves_db)
    before = np.maximum(powers.sum(axis=(0, 1)), SILENT_POWER)
    after = np.maximum(np.einsum("kt,jt,kjt->t", gains, gains, powers), SILENT_POWER)
    softest = before <= np.quantile(before, 0.1)
    return float(10 * np.log10(after[softest].mean() / before[softest].mean()))


def level_kept_db(heard: StemFeatures, rows: Rows, curves_db: Vector) -> float:
    """What is to be added to gains [K, t] so that these rows stay as loud as they were."""
    if not curves_db.any():
        return 0.0
    powers, gains = heard.powers[:, :, rows], db_to_gain(curves_db)
    before, after = float(powers.sum()), float(np.einsum("kt,jt,kjt->", gains, gains, powers))
    return float(10 * np.log10(before / after)) if before > 0 and after > 0 else 0.0


def reason(facts: Vector, weights: Vector) -> str:
    """What was heard, in words; of the moves that were made, what asked for them."""
    said, done = dict(zip(FACTS, facts.tolist(), strict=True)), dict(zip(MOVES, weights.tolist(), strict=True))
    parts = [_of_speech(said)]
    if done["duck"]:
        parts.append("music and effects leave it no room")
    if done["even"]:
        parts.append("speech drifts in level")
    if done["tame"]:
        parts.append("effects leap out")
    if done["music"]:
        parts.append(f"music {_stands(10 * said['music_scene'], 'effects')}")
    return ", ".join(parts)


def _of_speech(said: Mapping[str, float]) -> str:
    if said["spoken"] <= 0:
        return "nobody speaks"
    if said["spoken"] < 0.1:
        return "hardly anybody speaks"
    return f"speech {_stands(10 * said['over_spoken'], 'the rest while somebody speaks')}"


def _stands(over_lu: float, others: str) -> str:
    return f"stands {over_lu:.0f} LU over {others}" if over_lu >= 0 else f"lies {-over_lu:.0f} LU under {others}"


def curves_of(rows: Mapping[str, Sequence[tuple[str, Sequence[float], Sequence[float]]]], mark: str) -> Curves:
    """From a table: the moves' curves by name, and those of "wrong"."""
    made = {
        name: tuple(Curve(fact, tuple(knots), tuple(values)) for fact, knots, values in of) for name, of in rows.items()
    }
    return Curves({move: made[move] for move in MOVES}, made["wrong"], mark)
