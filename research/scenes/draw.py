"""A scene as a plain record: its kind, who is heard, what is shown, how it is mixed. All from (seed, split, number).

Every part is drawn by its own generator, so that a twin (the same sounds under another kind of picture) shares exactly
what it should: cast and sounds come from the number, picture and balance from the number and the kind.

    (seed, split, number)        → cast, dry sounds, recipe's draw
    (seed, split, number, kind)  → what is shown, the balance

Twins that are mixed `blind` are given the very same bad mix, and want different good ones: whoever does not look is wrong
about one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from limelight.dataset.manifest import SPLITS
from research.painted.storyboard import Kind as Picture
from research.scenes.rules import KINDS, RULES, Balance, Kind, draw_balance, draw_cast, draw_kind, kinds_for

TOLD_OVER: dict[Picture, float] = {"talk": 0.35, "action": 0.2, "scenery": 0.45}  # what narration is told over
SCENE, SOUNDS, PICTURE, BALANCE, RECIPE, TWIN = range(6)  # what is drawn


@dataclass(frozen=True)
class Scene:
    """One scene before it is heard or seen."""

    seed: int
    split: str
    number: int
    kind: Kind
    cast: tuple[str, ...]
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
        return cls(**{**data, "cast": tuple(data["cast"]), "balance": Balance.from_json(data["balance"])})


def draw_scene(seed: int, split: str, number: int, *, kinds: Sequence[Kind] = KINDS) -> Scene:
    """The scene of a number; `kinds` are those that there are pictures of."""
    rng = np.random.default_rng([seed, SPLITS.index(split), number, SCENE])
    kind = draw_kind(rng, {kind: RULES[kind].share for kind in kinds})
    return _mixed_as(kind, seed, split, number, draw_cast(rng, kind))


def twin(scene: Scene, kind: Kind) -> Scene:
    """The same sounds under another kind of picture. Raises ValueError where what would lead is not heard."""
    if kind not in kinds_for(scene.cast):
        raise ValueError(f"{kind} is led by {RULES[kind].leads}, and only {', '.join(scene.cast)} are heard")
    return _mixed_as(kind, scene.seed, scene.split, scene.number, scene.cast)


def draw_twin(scene: Scene, *, kinds: Sequence[Kind] = KINDS) -> Scene:
    """A twin of a kind that is drawn; the scene itself where it can be nothing else."""
    others = [kind for kind in kinds_for(scene.cast, kinds) if kind != scene.kind]
    if not others:
        return scene
    return twin(scene, others[int(scene.generator(TWIN).integers(len(others)))])


def _mixed_as(kind: Kind, seed: int, split: str, number: int, cast: tuple[str, ...]) -> Scene:
    blank = Balance((0, 0, 0), (0, 0, 0), 0, 0, 0)
    scene = Scene(seed, split, number, kind, cast, "scenery", False, blank)
    picture = scene.generator(PICTURE)
    over = list(TOLD_OVER)[int(picture.choice(len(TOLD_OVER), p=list(TOLD_OVER.values())))]
    shown = over if kind == "narration" else kind
    balance = draw_balance(scene.generator(BALANCE), kind)
    return replace(scene, shown=shown, off_screen=kind == "narration", balance=balance)
