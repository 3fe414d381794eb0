"""The rule by which a scene is mixed, and a scene as a plain record drawn by it.

    level of a stem (LUFS, before ducking) = DnR v3's mean + the kind's shift + N(0, σ of the stem)

DnR v3's priors describe all scenes together. A kind explains most of their spread, and what it leaves is σ. Shares and
shifts are chosen so that over all kinds the priors' means and spreads come out again. The shifts are ours: what leads
does lead, and under speech music lies 10 LU and ambience 15 LU down at least, as Torcoli et al. (JAES 67(12), 2019)
advise, up to the 20 dB that WCAG 2 (1.4.7) asks for; see docs/scenes.md.

Every part of a scene has its own generator, so that two scenes of a counterfactual pair (the same sounds under another
kind of picture) share exactly what they should:

    (seed, split, number)        → which sources are heard, their sounds, the draw of the recipe
    (seed, split, number, kind)  → what is shown, the balance

A pair that is degraded by the recipe `blind` has the very same bad mix and two different good ones. Who does not look is
wrong about one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from limelight.dataset.manifest import SPLITS
from limelight.dataset.mixtures import MIX_LUFS, PRIORS_LUFS
from limelight.types import STEMS
from research.painted.storyboard import Kind as Picture

Kind = Literal["talk", "action", "scenery", "narration"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SIGMA_LU = {"speech": 1.0, "music": 2.0, "effects": 2.0}  # what is left to taste within a kind
SIGMA_DEPTH_DB = 1.0
ATTACK_SECONDS, RELEASE_SECONDS = (0.2, 0.5), (0.8, 1.5)
FEWEST_SOURCES = 2  # one alone has no balance


@dataclass(frozen=True)
class Rule:
    """Which sources one kind of scene has, and how they are mixed."""

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


def draw_sources(rng: np.random.Generator, kind: Kind) -> tuple[str, ...]:
    """The stems that are heard: the one that leads, and at least one more."""
    presence = RULES[kind].presence
    while True:
        sources = tuple(stem for stem in STEMS if rng.random() < presence[stem])
        if len(sources) >= FEWEST_SOURCES:
            return sources


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


def kinds_for(sources: Sequence[str], kinds: Sequence[Kind] = KINDS) -> tuple[Kind, ...]:
    """The kinds that these sounds could be: what leads must be there."""
    return tuple(kind for kind in kinds if RULES[kind].leads in sources)


def chances(sources: Sequence[str], kinds: Sequence[Kind] = KINDS) -> dict[Kind, float]:
    """How likely each kind is when only the sources is known: Bayes, with the shares as the prior."""
    weights = {kind: RULES[kind].share * _likelihood(sources, kind) for kind in kinds_for(sources, kinds)}
    total = sum(weights.values())
    return {kind: weight / total for kind, weight in weights.items()}


def draw_kind(rng: np.random.Generator, chance: Mapping[Kind, float]) -> Kind:
    """A kind by its weight."""
    names, weights = list(chance), np.array(list(chance.values()))
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _likelihood(sources: Sequence[str], kind: Kind) -> float:
    """Of a sources, given a kind and that enough stems are heard."""
    presence = [RULES[kind].presence[stem] for stem in STEMS]
    here = float(np.prod([p if stem in sources else 1 - p for stem, p in zip(STEMS, presence, strict=True)]))
    none = float(np.prod([1 - p for p in presence]))
    one = sum(p * float(np.prod([1 - q for j, q in enumerate(presence) if j != i])) for i, p in enumerate(presence))
    return here / (1 - none - one)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return round(float(values[0]), 2), round(float(values[1]), 2), round(float(values[2]), 2)


NARRATED_PICTURES: dict[Picture, float] = {"talk": 0.35, "action": 0.2, "scenery": 0.45}  # what narration is told over
SCENE, SOUNDS, PICTURE, BALANCE, RECIPE, COUNTERFACTUAL = range(6)  # what is drawn


@dataclass(frozen=True)
class Scene:
    """One scene before it is heard or seen."""

    seed: int
    split: str
    number: int
    kind: Kind
    sources: tuple[str, ...]
    shown: Picture
    off_screen: bool  # whoever speaks is not seen
    balance: Balance

    def generator(self, what: int) -> np.random.Generator:
        """The generator of one part of this scene."""
        of_kind = [KINDS.index(self.kind)] if what in (PICTURE, BALANCE) else []
        return np.random.default_rng([self.seed, SPLITS.index(self.split), self.number, what, *of_kind])

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Scene:
        """What `as_json` wrote. Raises KeyError, TypeError."""
        return cls(**{**data, "sources": tuple(data["sources"]), "balance": Balance.from_json(data["balance"])})


def draw_scene(seed: int, split: str, number: int, *, kinds: Sequence[Kind] = KINDS) -> Scene:
    """The scene of a number; `kinds` are those that there are pictures of."""
    rng = np.random.default_rng([seed, SPLITS.index(split), number, SCENE])
    kind = draw_kind(rng, {kind: RULES[kind].share for kind in kinds})
    return _mixed_as(kind, seed, split, number, draw_sources(rng, kind))


def counterfactual(scene: Scene, kind: Kind) -> Scene:
    """The same sounds under another kind of picture. Raises ValueError where what would lead is not heard."""
    if kind not in kinds_for(scene.sources):
        raise ValueError(f"{kind} is led by {RULES[kind].leads}, and only {', '.join(scene.sources)} are heard")
    return _mixed_as(kind, scene.seed, scene.split, scene.number, scene.sources)


def draw_counterfactual(scene: Scene, *, kinds: Sequence[Kind] = KINDS) -> Scene:
    """A counterfactual of a kind that is drawn; the scene itself where it can be nothing else."""
    others = [kind for kind in kinds_for(scene.sources, kinds) if kind != scene.kind]
    if not others:
        return scene
    return counterfactual(scene, others[int(scene.generator(COUNTERFACTUAL).integers(len(others)))])


def _mixed_as(kind: Kind, seed: int, split: str, number: int, sources: tuple[str, ...]) -> Scene:
    blank = Balance((0, 0, 0), (0, 0, 0), 0, 0, 0)
    scene = Scene(seed, split, number, kind, sources, "scenery", False, blank)
    picture = scene.generator(PICTURE)
    over = list(NARRATED_PICTURES)[int(picture.choice(len(NARRATED_PICTURES), p=list(NARRATED_PICTURES.values())))]
    shown = over if kind == "narration" else kind
    balance = draw_balance(scene.generator(BALANCE), kind)
    return replace(scene, shown=shown, off_screen=kind == "narration", balance=balance)
