"""From libraries of separate sounds to a data set of scenes: several processes, resumable, always the same bytes.

    number ─► scene ─► unmixed stems ─► curves ─► target stems ─► recipe ─► pair ─┐
                └──────────┴─► picture ─► cues ───────────────────────────────────┴─► clips/NAME/

A batch of some scenes is the work of one process and the unit of resuming. No process holds more than one scene.
What a scene becomes depends on the seed, its split and number, and on what the libraries list. Neither the number of
workers nor a kill in between can be seen in the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from limelight.batch.engine import Engine
from limelight.batch.queue import run_jobs
from limelight.dataset.build import find_films
from limelight.dataset.build_state import BuildPart, Skipped, finish, open_state, record, recorded
from limelight.dataset.clips import Clip, write_clip
from limelight.dataset.degrade import Degradation, DegradationChoice, Pair, degrade, sample_degradation, why_trivial
from limelight.dataset.film_audio import Layout
from limelight.dataset.from_sounds import SplitLibrary, TaggedLibrary
from limelight.dataset.levels import StemLevels
from limelight.dataset.manifest import SPLITS, read_manifest
from limelight.dataset.sounds import SoundLibrary
from limelight.dataset.splits import SplitAssignment
from limelight.errors import InputError, UsageError
from limelight.types import Vector
from research.scenes.film_windows import index_films
from research.scenes.pictures import RENDERED, ScenePicture, picture_source
from research.scenes.rules import RECIPE, SOUNDS, Kind, Scene, draw_counterfactual, draw_scene
from research.scenes.sounds import BLIND, UnmixedStems, apply_curves, draw_blind, draw_unmixed, mixing_curves

BATCH = 20  # scenes: some 30 s of work
TRIES = 8  # to draw a recipe that changes something


@dataclass(frozen=True)
class SceneSettings:
    """What holds for the whole data set."""

    seed: int = 0
    clip_seconds: float = 10.0
    layout: Layout = "mono"
    recipes: tuple[str, ...] = (
        BLIND,
        "paper",
    )  # "blind", or as `DegradationChoice.of` reads them; one is drawn for each clip
    pictures: str = RENDERED  # or the folder of an index of windows
    counterfactual_pairs: bool = False  # every second scene has the sounds of the one before, and another kind
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
class SceneBatch:
    """Scenes of one split, by their numbers."""

    split: str
    first: int
    count: int
    dataset: Path
    library: SplitLibrary
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
class MixedScene:
    """A scene that was mixed, well and badly."""

    scene: Scene
    unmixed: UnmixedStems
    pair: Pair


def build_batch(batch: SceneBatch, report: Callable[[float], None]) -> BuildPart:
    """Writes the scenes of a batch, then its record. Raises the errors of `limelight.errors`."""
    library, pictures = open_library(batch.library, batch.split), picture_source(batch.settings.pictures)
    entries = []
    for done in range(batch.count):
        scene = scene_of(batch.settings, batch.split, batch.first + done, pictures.kinds(batch.split))
        library.forget()
        mixed = mix_scene(scene, library, batch.settings, pictures.kinds(batch.split))
        seen = pictures.see(scene, mixed.unmixed, batch.settings.clip_seconds, frames=batch.settings.frames)
        number = batch.first + done
        entries.append(write_clip(batch.dataset, _clip(f"scene-{batch.split}-{number:06d}", mixed, seen, library)))
        report(done + 1)
    part = BuildPart(batch.name, batch.facts, tuple(entries))
    record(batch.dataset, part)
    return part


def scene_of(settings: SceneSettings, split: str, number: int, kinds: tuple[Kind, ...]) -> Scene:
    """The scene that stands at a place of the data set."""
    if not settings.counterfactual_pairs:
        return draw_scene(settings.seed, split, number, kinds=kinds)
    first = draw_scene(settings.seed, split, number - number % 2, kinds=kinds)
    return draw_counterfactual(first, kinds=kinds) if number % 2 else first


def mix_scene(scene: Scene, library: SoundLibrary, settings: SceneSettings, kinds: tuple[Kind, ...]) -> MixedScene:
    """The sounds of a scene, its good mix, and a bad one."""
    unmixed = draw_unmixed(
        scene.generator(SOUNDS), scene.sources, library, seconds=settings.clip_seconds, layout=settings.layout
    )
    curves = mixing_curves(scene.balance, unmixed.levels)
    target = apply_curves(unmixed.stems, curves)
    levels = StemLevels.of(target, layout=settings.layout)
    rng = scene.generator(RECIPE)
    for _ in range(TRIES):
        recipe = settings.recipes[int(rng.integers(len(settings.recipes)))]
        degradation = _degradation(rng, recipe, scene, unmixed, curves, levels, kinds)
        if why_trivial(degradation, levels) is None:
            break
    return MixedScene(scene, unmixed, degrade(target, degradation, layout=settings.layout, levels=levels))


def _degradation(
    rng: np.random.Generator,
    recipe: str,
    scene: Scene,
    unmixed: UnmixedStems,
    curves: Vector,
    levels: StemLevels,
    kinds: tuple[Kind, ...],
) -> Degradation:
    if recipe == BLIND:
        return draw_blind(rng, scene.sources, unmixed, curves, kinds=kinds)
    return sample_degradation(rng, DegradationChoice.of(recipe), levels)


def _clip(name: str, mixed: MixedScene, seen: ScenePicture, library: TaggedLibrary) -> Clip:
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


def open_library(library: SplitLibrary, split: str) -> TaggedLibrary:
    """The sounds of a split; opened once by each process."""
    key = (library.digest(), str(library.cache), split)
    if key not in _LIBRARIES:
        _LIBRARIES[key] = library.open(split)
    return _LIBRARIES[key]


# scenes done, scenes in all
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class BuiltScenes:
    """What came of a build."""

    folder: Path
    clips: int  # in the data set now
    built: int  # by this call
    skipped: tuple[Skipped, ...]  # films that could not be read, batches that failed


def build_scenes(
    library: SplitLibrary,
    folder: Path | str,
    *,
    count: int,
    splits: Sequence[str] = (),
    pictures: str = RENDERED,
    settings: SceneSettings | None = None,
    assignment: SplitAssignment | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> BuiltScenes:
    """Builds, or goes on building, `count` scenes, shared out among the splits (all that have sounds, where none is named).

    pictures: "rendered", or a folder of films. workers: processes, as many as cores where none is said; a script that
    calls this needs its `if __name__ == "__main__"`. engine: in their place, say a cluster.
    Raises InputError, Leakage, OutputError.
    """
    folder, settings = Path(folder), settings or SceneSettings()
    wanted = _wanted(library, count, splits)
    open_state(folder, _declared(settings, pictures))
    made_of = library.digest()
    skipped: list[Skipped] = []
    if pictures != RENDERED:
        indexed = index_films(
            find_films([pictures]),
            folder,
            seconds=settings.clip_seconds,
            assignment=assignment or SplitAssignment(),
            passed_over=lambda path, error: skipped.append(Skipped(str(path), error.code, str(error))),
        )
        settings, made_of = replace(settings, pictures=str(folder)), f"{made_of}-{indexed}"
    for split in wanted:
        library.open(split)  # decoded once, not by every worker
    batches = [
        SceneBatch(split, first, min(BATCH, number - first), folder, library, settings, made_of)
        for split, number in wanted.items()
        for first in range(0, number, BATCH)
    ]
    built = _run(batches, folder, workers, engine, progress, skipped)
    finish(folder, skipped)
    return BuiltScenes(folder, len(read_manifest(folder)), built, tuple(skipped))


def _run(
    batches: Sequence[SceneBatch],
    folder: Path,
    workers: int | None,
    engine: Engine | None,
    progress: Progress | None,
    skipped: list[Skipped],
) -> int:
    """How many scenes were built; batches that failed are added to `skipped`."""
    waiting = [batch for batch in batches if recorded(folder, batch.name, batch.facts) is None]
    done, total = dict.fromkeys(range(len(waiting)), 0.0), sum(batch.count for batch in waiting)

    def watch(number: int, count: float) -> None:
        done[number] = max(done[number], count)
        if progress:
            progress(sum(done.values()), total)

    built = 0
    sensible = max(1, min(workers or os.cpu_count() or 1, len(waiting)))
    for outcome in run_jobs(build_batch, waiting, engine=engine, workers=sensible, watch=watch):
        if outcome.result is None:
            skipped.append(Skipped(waiting[outcome.number].name, outcome.code, outcome.message))
        else:
            built += len(outcome.result.entries)
    return built


def _wanted(library: SplitLibrary, count: int, splits: Sequence[str]) -> dict[str, int]:
    """How many scenes of each split; an odd one out goes to the first."""
    if count < 1:
        raise UsageError(f"at least one scene is needed, wanted are {count}")
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise InputError(f"Wanted the split {unknown[0]!r}; there are {', '.join(SPLITS)}.")
    there = list(splits) or list(library.splits())
    if not there:
        raise InputError("Wanted scenes, but no split has speech, music and effects; look at the libraries' manifests.")
    shares = [library.shares[SPLITS.index(split)] for split in there]
    numbers = [round(count * share / sum(shares)) for share in shares]
    numbers[0] += count - sum(numbers)
    return {split: number for split, number in zip(there, numbers, strict=True) if number}


def _declared(settings: SceneSettings, pictures: str) -> dict[str, object]:
    """What must be the same for a build to go on."""
    return {"from": "scenes", **asdict(settings), "pictures": RENDERED if pictures == RENDERED else "films"}
