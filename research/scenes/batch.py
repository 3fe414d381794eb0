"""Some scenes, one after another, each from a number to a folder: the work of one process, and the unit of resuming.

    number ─► scene ─► dry sounds ─► curves ─► target stems ─► recipe ─► pair ─┐
                └────────┴─► picture ─► cues ─────────────────────────────────┴─► clips/NAME/

No more than one scene is held at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limelight.dataset.build_state import Part, record
from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import Degradation, DegradationChoice, Pair, degrade, draw_degradation, why_trivial
from limelight.dataset.film_audio import Layout
from limelight.dataset.levels import StemLevels
from limelight.dataset.library import SplitLibrary, TaggedLibrary
from limelight.dataset.sounds import SoundLibrary
from limelight.errors import UsageError
from limelight.types import Vector
from research.scenes.blind import BLIND, draw_blind
from research.scenes.draw import RECIPE, SOUNDS, Scene, draw_scene, draw_twin
from research.scenes.dry import Dry, draw_dry
from research.scenes.ducking import mixing_curves, moved
from research.scenes.rules import Kind
from research.scenes.seeing import RENDERED, Seen, pictures_of

BATCH = 20  # scenes: some 30 s of work
TRIES = 8  # to draw a recipe that changes something


@dataclass(frozen=True)
class SceneSettings:
    """What holds for the whole data set."""

    seed: int = 0
    clip_seconds: float = 10.0
    layout: Layout = "mono"
    recipes: tuple[str, ...] = (BLIND, "paper")  # "blind", or as `Wish.of` reads them; one is drawn for each clip
    pictures: str = RENDERED  # or the folder of an index of windows
    twins: bool = False  # every second scene has the sounds of the one before, and another kind
    frames: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.clip_seconds <= 60:
            raise UsageError(f"scenes last 1 to 60 s, wanted are {self.clip_seconds:g} s")
        if not self.recipes:
            raise UsageError("at least one recipe is needed")
        for recipe in self.recipes:
            if recipe != BLIND:
                DegradationChoice.of(recipe)


@dataclass(frozen=True)
class Batch:
    """Scenes of one split, by their numbers."""

    split: str
    first: int
    count: int
    dataset: Path
    stock: SplitLibrary
    settings: SceneSettings
    made_of: str  # the digest of sounds and pictures

    @property
    def name(self) -> str:
        return f"scenes-{self.split}-{self.first:06d}"

    @property
    def facts(self) -> dict[str, Any]:
        """What its record says; where one of these is another, it is built again."""
        return {"split": self.split, "first": self.first, "count": self.count, "made_of": self.made_of}


@dataclass(frozen=True, repr=False)
class Mixed:
    """A scene that was mixed, well and badly."""

    scene: Scene
    dry: Dry
    pair: Pair


def build_batch(batch: Batch, report: Callable[[float], None]) -> Part:
    """Writes the scenes of a batch, then its record. Raises the errors of `limelight.errors`."""
    library, pictures = opened(batch.stock, batch.split), pictures_of(batch.settings.pictures)
    entries = []
    for done in range(batch.count):
        scene = scene_of(batch.settings, batch.split, batch.first + done, pictures.kinds(batch.split))
        library.forget()
        mixed = mix(scene, library, batch.settings, pictures.kinds(batch.split))
        seen = pictures.see(scene, mixed.dry, batch.settings.clip_seconds, frames=batch.settings.frames)
        number = batch.first + done
        entries.append(write_clip(batch.dataset, _clip(f"scene-{batch.split}-{number:06d}", mixed, seen, library)))
        report(done + 1)
    part = Part(batch.name, batch.facts, tuple(entries))
    record(batch.dataset, part)
    return part


def scene_of(settings: SceneSettings, split: str, number: int, kinds: tuple[Kind, ...]) -> Scene:
    """The scene that stands at a place of the data set."""
    if not settings.twins:
        return draw_scene(settings.seed, split, number, kinds=kinds)
    first = draw_scene(settings.seed, split, number - number % 2, kinds=kinds)
    return draw_twin(first, kinds=kinds) if number % 2 else first


def mix(scene: Scene, library: SoundLibrary, settings: SceneSettings, kinds: tuple[Kind, ...]) -> Mixed:
    """The sounds of a scene, its good mix, and a bad one."""
    dry = draw_dry(scene.generator(SOUNDS), scene.cast, library, seconds=settings.clip_seconds, layout=settings.layout)
    curves = mixing_curves(scene.balance, dry.levels)
    target = moved(dry.stems, curves)
    levels = StemLevels.of(target, layout=settings.layout)
    rng = scene.generator(RECIPE)
    for _ in range(TRIES):
        recipe = settings.recipes[int(rng.integers(len(settings.recipes)))]
        spoiling = _spoiling(rng, recipe, scene, dry, curves, levels, kinds)
        if why_trivial(spoiling, levels) is None:
            break
    return Mixed(scene, dry, degrade(target, spoiling, layout=settings.layout, levels=levels))


def _spoiling(
    rng: np.random.Generator,
    recipe: str,
    scene: Scene,
    dry: Dry,
    curves: Vector,
    levels: StemLevels,
    kinds: tuple[Kind, ...],
) -> Degradation:
    if recipe == BLIND:
        return draw_blind(rng, scene.cast, dry, curves, kinds=kinds)
    return draw_degradation(rng, DegradationChoice.of(recipe), levels)


def _clip(name: str, mixed: Mixed, seen: Seen, library: TaggedLibrary) -> Clip:
    scene = mixed.scene
    return Clip(
        name=name,
        split=scene.split,
        kind=scene.kind,
        sources=(*library.sources(), seen.source),
        separator="known",
        pair=mixed.pair,
        cues=seen.cues,
        starts_on_cut=seen.starts_on_cut,
        cuts_seconds=seen.cuts_seconds,
        pictures=seen.pictures,
        scene=scene.as_json() | {"shown": seen.shown},
    )


_LIBRARIES: dict[tuple[str, str, str], TaggedLibrary] = {}


def opened(stock: SplitLibrary, split: str) -> TaggedLibrary:
    """The sounds of a split; opened once by each process."""
    key = (stock.digest(), str(stock.cache), split)
    if key not in _LIBRARIES:
        _LIBRARIES[key] = stock.open(split)
    return _LIBRARIES[key]
