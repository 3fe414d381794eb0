"""From libraries of separate sounds to a data set of scenes: several batches at a time, resumable, the same bytes always.

What a scene becomes depends on the seed, its split and number, and on what the libraries list, and on nothing else:
neither the number of workers nor a kill in between can be seen in the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from limelight.dataset.build import find_films
from limelight.dataset.build_state import Skipped, finish, open_state, recorded
from limelight.dataset.library import SplitLibrary
from limelight.dataset.manifest import SPLITS, read_manifest
from limelight.dataset.splits import SplitAssignment
from limelight.dataset.workers import run_jobs
from limelight.errors import InputError, UsageError
from research.scenes.batch import BATCH, Batch, SceneSettings, build_batch
from research.scenes.seeing import RENDERED
from research.scenes.windows import index_films

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
    stock: SplitLibrary,
    folder: Path | str,
    *,
    count: int,
    splits: Sequence[str] = (),
    pictures: str = RENDERED,
    settings: SceneSettings | None = None,
    register: SplitAssignment | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> BuiltScenes:
    """Builds, or goes on building, `count` scenes, shared out among the splits (all that have sounds, where none is named).

    pictures: "rendered", or a folder of films. workers: processes, as many as cores where none is said; a script that
    calls this needs its `if __name__ == "__main__"`. Raises InputError, Leakage, OutputError.
    """
    folder, settings = Path(folder), settings or SceneSettings()
    wanted = _wanted(stock, count, splits)
    open_state(folder, _declared(settings, pictures))
    made_of = stock.digest()
    skipped: list[Skipped] = []
    if pictures != RENDERED:
        indexed = index_films(
            find_films([pictures]),
            folder,
            seconds=settings.clip_seconds,
            register=register or SplitAssignment(),
            passed_over=lambda path, error: skipped.append(Skipped(str(path), error.code, str(error))),
        )
        settings, made_of = replace(settings, pictures=str(folder)), f"{made_of}-{indexed}"
    for split in wanted:
        stock.open(split)  # decoded once, not by every worker
    batches = [
        Batch(split, first, min(BATCH, number - first), folder, stock, settings, made_of)
        for split, number in wanted.items()
        for first in range(0, number, BATCH)
    ]
    built = _run(batches, folder, workers, progress, skipped)
    finish(folder, skipped)
    return BuiltScenes(folder, len(read_manifest(folder)), built, tuple(skipped))


def _run(
    batches: Sequence[Batch], folder: Path, workers: int | None, progress: Progress | None, skipped: list[Skipped]
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
    for outcome in run_jobs(build_batch, waiting, workers=sensible, watch=watch):
        if outcome.result is None:
            skipped.append(Skipped(waiting[outcome.number].name, outcome.code, outcome.message))
        else:
            built += len(outcome.result.entries)
    return built


def _wanted(stock: SplitLibrary, count: int, splits: Sequence[str]) -> dict[str, int]:
    """How many scenes of each split; an odd one out goes to the first."""
    if count < 1:
        raise UsageError(f"at least one scene is needed, wanted are {count}")
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise InputError(f"Wanted the split {unknown[0]!r}; there are {', '.join(SPLITS)}.")
    there = list(splits) or list(stock.splits())
    if not there:
        raise InputError("Wanted scenes, but no split has speech, music and effects; look at the libraries' manifests.")
    shares = [stock.shares[SPLITS.index(split)] for split in there]
    numbers = [round(count * share / sum(shares)) for share in shares]
    numbers[0] += count - sum(numbers)
    return {split: number for split, number in zip(there, numbers, strict=True) if number}


def _declared(settings: SceneSettings, pictures: str) -> dict[str, object]:
    """What must be the same for a build to go on."""
    return {"from": "scenes", **asdict(settings), "pictures": RENDERED if pictures == RENDERED else "films"}
