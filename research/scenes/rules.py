"""The rule by which a scene is mixed: what leads, how loud every stem is, how far the rest steps back under speech.

    level of a stem (LUFS, before ducking) = DnR v3's mean + the kind's shift + N(0, σ of the stem)

DnR v3's priors describe all scenes together; a kind explains most of their spread, and what it leaves is σ. Shares and
shifts are chosen so that over all kinds the priors' means and spreads come out again. The shifts are ours, set so that
what leads does lead, and so that under speech music lies 10 LU and ambience 15 LU down at least, as Torcoli et al. (JAES
67(12), 2019) advise, up to the 20 dB that WCAG 2 (1.4.7) asks for; see docs/scenes.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from limelight.dataset.mixtures import MIX_LUFS, PRIORS_LUFS
from limelight.types import STEMS

Kind = Literal["talk", "action", "scenery", "narration"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SIGMA_LU = {"speech": 1.0, "music": 2.0, "effects": 2.0}  # what is left to taste within a kind
SIGMA_DEPTH_DB = 1.0
ATTACK_SECONDS, RELEASE_SECONDS = (0.2, 0.5), (0.8, 1.5)
FEWEST_STEMS = 2  # one alone has no balance


@dataclass(frozen=True)
class Rule:
    """How one kind of scene is cast and mixed."""

    share: float  # of all scenes
    leads: str  # the stem that is always there
    presence: Mapping[str, float]  # how often each stem is heard
    shift_lu: Mapping[str, float]  # against DnR v3's mean
    depth_db: Mapping[str, float]  # how far a stem goes down while somebody speaks


RULES: dict[Kind, Rule] = {
    "talk": Rule(
        share=0.30,
        leads="speech",
        presence={"speech": 1.0, "music": 0.65, "effects": 0.8},
        shift_lu={"speech": 2.0, "music": -6.0, "effects": -4.0},
        depth_db={"music": 5.0, "effects": 4.0},
    ),
    "action": Rule(
        share=0.27,
        leads="effects",
        presence={"speech": 0.5, "music": 0.65, "effects": 1.0},
        shift_lu={"speech": -4.0, "music": -2.0, "effects": 8.0},
        depth_db={"music": 6.0, "effects": 0.0},
    ),
    "scenery": Rule(
        share=0.28,
        leads="music",
        presence={"speech": 0.35, "music": 1.0, "effects": 0.7},
        shift_lu={"speech": -4.0, "music": 7.0, "effects": -4.0},
        depth_db={"music": 0.0, "effects": 0.0},
    ),
    "narration": Rule(
        share=0.15,
        leads="speech",
        presence={"speech": 1.0, "music": 0.85, "effects": 0.7},
        shift_lu={"speech": 2.5, "music": -2.0, "effects": -6.0},
        depth_db={"music": 10.0, "effects": 4.0},
    ),
}


@dataclass(frozen=True)
class Balance:
    """One mix of a scene, in numbers: enough to mix it again."""

    levels_lufs: tuple[float, float, float]  # of the stems, before ducking and before the mix is brought to its level
    depths_db: tuple[float, float, float]  # of ducking
    attack_seconds: float
    release_seconds: float
    mix_lufs: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Balance:
        """What `asdict` and JSON made of one. Raises KeyError, TypeError."""
        return cls(**{**data, "levels_lufs": tuple(data["levels_lufs"]), "depths_db": tuple(data["depths_db"])})


def draw_cast(rng: np.random.Generator, kind: Kind) -> tuple[str, ...]:
    """The stems that are heard: the one that leads, and at least one more."""
    presence = RULES[kind].presence
    while True:
        cast = tuple(stem for stem in STEMS if rng.random() < presence[stem])
        if len(cast) >= FEWEST_STEMS:
            return cast


def draw_balance(rng: np.random.Generator, kind: Kind) -> Balance:
    """How a mixer would mix this kind of scene, this time. All stems are drawn, whether they are heard or not."""
    levels = [rng.normal(mean, SIGMA_LU[stem]) for stem, mean in zip(STEMS, mean_levels_lufs(kind), strict=True)]
    depth = RULES[kind].depth_db
    depths = [max(0.0, rng.normal(depth[stem], SIGMA_DEPTH_DB)) if depth.get(stem) else 0.0 for stem in STEMS]
    return Balance(
        levels_lufs=_three(levels),
        depths_db=_three(depths),
        attack_seconds=round(rng.uniform(*ATTACK_SECONDS), 3),
        release_seconds=round(rng.uniform(*RELEASE_SECONDS), 3),
        mix_lufs=round(rng.normal(*MIX_LUFS), 2),
    )


def mean_levels_lufs(kind: Kind) -> tuple[float, float, float]:
    """What a kind's stems are expected at, in the order of STEMS."""
    return _three([PRIORS_LUFS[stem][0] + RULES[kind].shift_lu[stem] for stem in STEMS])


def kinds_for(cast: Sequence[str], kinds: Sequence[Kind] = KINDS) -> tuple[Kind, ...]:
    """The kinds that these sounds could be: what leads must be there."""
    return tuple(kind for kind in kinds if RULES[kind].leads in cast)


def chances(cast: Sequence[str], kinds: Sequence[Kind] = KINDS) -> dict[Kind, float]:
    """How likely each kind is when only the cast is known: Bayes, with the shares as the prior."""
    weights = {kind: RULES[kind].share * _likelihood(cast, kind) for kind in kinds_for(cast, kinds)}
    total = sum(weights.values())
    return {kind: weight / total for kind, weight in weights.items()}


def draw_kind(rng: np.random.Generator, chance: Mapping[Kind, float]) -> Kind:
    """A kind by its weight."""
    names, weights = list(chance), np.array(list(chance.values()))
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _likelihood(cast: Sequence[str], kind: Kind) -> float:
    """Of a cast, given a kind and that enough stems are heard."""
    presence = [RULES[kind].presence[stem] for stem in STEMS]
    here = float(np.prod([p if stem in cast else 1 - p for stem, p in zip(STEMS, presence, strict=True)]))
    none = float(np.prod([1 - p for p in presence]))
    one = sum(p * float(np.prod([1 - q for j, q in enumerate(presence) if j != i])) for i, p in enumerate(presence))
    return here / (1 - none - one)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return round(float(values[0]), 2), round(float(values[1]), 2), round(float(values[2]), 2)
