"""Films of several scenes: clips of a built set, one behind the other with hard cuts, as another data set.

A clip of ten seconds is one scene, and a model that hears ten seconds at a time has nothing to confuse. A film goes on to
something else. So stretches of clips are joined, stems, curves, cues and cuts; each scene's bad mix is first brought to
the loudness of its good one, since how loud one scene is beside another is not what is measured. Film n of a seed is always
the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.loudness import BLOCKS_PER_SECOND, integrated_loudness
from limelight.dataset.build_state import BuildPart, finish, keeps_trivial, open_state, record, recorded
from limelight.dataset.clips import Clip, read_cues, read_recipe, read_stems, write_clip
from limelight.dataset.degrade import Degradation, Stems, degrade
from limelight.dataset.levels import StemLevels
from limelight.dataset.manifest import SPLITS, Entry, read_manifest
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError, UsageError
from limelight.types import Vector

SHORTEST_SECONDS = 4  # of a scene
MEAN_SECONDS = 7
JOINED = "joined"

# films done, films in all
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class JoinSettings:
    """What holds for all films of a set."""

    seed: int = 0
    scenes: int = 4  # of a film, which lasts seven seconds for each of them

    def __post_init__(self) -> None:
        if not 2 <= self.scenes <= 100:
            raise UsageError(f"a film is joined of 2 to 100 scenes, wanted are {self.scenes}")


@dataclass(frozen=True, repr=False)
class JoinedScene:
    """A stretch of a clip, in whole seconds."""

    entry: Entry
    stems: Stems  # [K, C, n]
    curves_db: Vector  # [K, t], ten a second
    fault: str
    cues: NDArray[np.float32]  # [seconds, D]
    cuts_seconds: tuple[float, ...]

    @property
    def seconds(self) -> int:
        return len(self.cues)


def join_clips(
    built: Path,
    folder: Path,
    *,
    count: int,
    split: str,
    settings: JoinSettings | None = None,
    progress: Progress | None = None,
) -> list[Entry]:
    """The first `count` films out of a split of a built set, made where they are not there yet.

    Raises InputError, UsageError, Leakage, NotMedia, OutputError.
    """
    settings = settings or JoinSettings()
    entries = _usable(built, split, settings.scenes)
    open_state(folder, {"from": JOINED, **asdict(settings), "layout": entries[0].layout})
    facts = {"made_of": _digest(entries)}
    for number in range(count):
        name = f"film-{split}-{number:06d}"
        if recorded(folder, name, facts) is None:
            clip = _film(built, name, _sources(entries, settings, number), entries[0].layout)
            record(folder, BuildPart(name, facts, (write_clip(folder, clip),)))
        if progress:
            progress(number + 1, count)
    finish(folder, [])
    return read_manifest(folder)


def _usable(built: Path, split: str, scenes: int) -> list[Entry]:
    if split not in SPLITS:
        raise InputError(f"Wanted the split {split!r}; there are {', '.join(SPLITS)}.")
    also = keeps_trivial(built)
    entries = [
        entry
        for entry in read_manifest(built)
        if entry.split == split
        and (also or not entry.trivial)
        and entry.invertible
        and entry.seconds >= SHORTEST_SECONDS
    ]
    if len(entries) < scenes or len({entry.layout for entry in entries}) > 1:
        raise InputError(
            f"Wanted {scenes} clips or more of the {split} split of {built}, of one layout, dry and {SHORTEST_SECONDS} s long "
            f"or longer; found {len(entries)}. Build more with `limelight muddy build`."
        )
    return entries


def _digest(entries: Sequence[Entry]) -> str:
    lines = json.dumps([(entry.name, dict(entry.files)) for entry in entries], sort_keys=True)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _sources(entries: Sequence[Entry], settings: JoinSettings, number: int) -> Iterator[tuple[Entry, int, int]]:
    """Clips of one film, with first second and length of the stretch that is taken; every film lasts alike."""
    rng = np.random.default_rng([settings.seed, number])
    chosen = [entries[i] for i in rng.permutation(len(entries))[: settings.scenes]]
    most = [int(entry.seconds) for entry in chosen]
    lengths = np.full(len(chosen), SHORTEST_SECONDS)
    for _ in range((MEAN_SECONDS - SHORTEST_SECONDS) * len(chosen)):
        room = [k for k, length in enumerate(lengths) if length < most[k]]
        if room:
            lengths[rng.choice(room)] += 1
    for entry, length in zip(chosen, lengths.tolist(), strict=True):
        yield entry, int(rng.integers(int(entry.seconds) - length + 1)), length


def _scene(built: Path, entry: Entry, start: int, seconds: int) -> JoinedScene:
    degradation = read_recipe(built, entry.name)
    curves = degradation.gains_db
    if curves.shape[1] == 1:
        curves = np.repeat(curves, round(entry.seconds * BLOCKS_PER_SECOND), axis=1)
    stems = read_stems(built, entry.name)[:, :, start * SAMPLE_RATE : (start + seconds) * SAMPLE_RATE]
    curves = curves[:, start * BLOCKS_PER_SECOND : (start + seconds) * BLOCKS_PER_SECOND]
    cues = read_cues(built, entry.name)
    cuts = tuple(cut - start for cut in entry.cuts_seconds if 0.5 <= cut - start <= seconds - 0.5)
    return JoinedScene(entry, stems, curves, degradation.fault, cues[start : start + seconds], cuts)


def _film(built: Path, name: str, sources: Iterator[tuple[Entry, int, int]], layout: str) -> Clip:
    scenes = [_scene(built, *one) for one in sources]
    starts = np.cumsum([0, *(scene.seconds for scene in scenes)])
    stems = np.concatenate([scene.stems for scene in scenes], axis=2)
    curves = np.concatenate([_as_loud(scene, layout) for scene in scenes], axis=1)
    good = all(scene.entry.recipe == "none" for scene in scenes)
    recorded_db = tuple(tuple((row + 0.0).tolist()) for row in np.round(curves, 2))
    faults = "; ".join(scene.fault for scene in scenes)
    step = round(float(np.abs(curves).max()), 2)
    degradation = Degradation("none" if good else JOINED, faults, step, recorded_db)
    cuts = sorted(
        {float(start) for start in starts[1:-1]}
        | {start + cut for start, scene in zip(starts, scenes, strict=False) for cut in scene.cuts_seconds}
    )
    return Clip(
        name=name,
        split=scenes[0].entry.split,
        kind="film",
        sources=tuple(dict.fromkeys(source for scene in scenes for source in scene.entry.sources)),
        separator=scenes[0].entry.separator,
        pair=degrade(stems, degradation, layout=layout, levels=StemLevels.of(stems, layout=layout)),
        cues=np.concatenate([scene.cues for scene in scenes]),
        cuts_seconds=tuple(cuts),
    )


def _as_loud(scene: JoinedScene, layout: str) -> Vector:
    """The curves, less what makes the bad mix louder than the good one."""
    degraded = Degradation(JOINED, scene.fault, 0.0, tuple(map(tuple, scene.curves_db))).applied(scene.stems)
    bad, good = (
        integrated_loudness(np.asarray(mix.sum(axis=0)), SAMPLE_RATE, layout=layout) for mix in (degraded, scene.stems)
    )
    louder = bad - good
    return scene.curves_db - (louder if np.isfinite(louder) else 0.0)
