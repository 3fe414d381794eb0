"""Stretches of real films that can stand for a kind of scene, found once and kept in two files.

    FOLDER/windows.json    which film, from when, which kind, which split
    FOLDER/windows.npy     the cues of each, [W, T, D] float32, mapped by every worker

The kind is told by the film's own cues, or not at all. The limits are ours, in the cues' scale of 0…1:

    talk      in a third of the seconds a face is in sight and its mouth moves
    action    strong motion goes on, or something hits in half of the seconds
    scenery   little motion, few hits, and no face for long

Films are watched one at a time, so memory does not grow with their number. The index takes some 1.3 kB for 10 s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.films import on_cut, watch_film
from limelight.dataset.splits import SplitAssignment, SplitEntry, check_split_entries
from limelight.errors import InputError
from limelight.media.probe import probe
from limelight.media.target import whole_or_absent
from limelight.vision.cues import CUE_NAMES
from research.painted.storyboard import Kind

FACE, MOUTH, TALKING = 0.5, 0.2, 0.35  # of a second, of the cue's scale, of the clip
MOVING, HIT, HITTING = 0.20, 0.5, 0.5
CALM, FACELESS = 0.12, 0.25


def scene_kind(cues: NDArray[np.float32]) -> Kind | None:
    """The kind of cues [T, D], or None where they do not say."""

    def column(name: str) -> NDArray[np.float32]:
        return np.asarray(cues[:, CUE_NAMES.index(name)])

    if not column("picture").all():
        return None
    faces = column("face_present") >= FACE
    talking = float(np.mean(faces & (column("mouth") >= MOUTH)))
    moving, hitting = float(column("motion").mean()), float(np.mean(column("impact") >= HIT))
    if talking >= TALKING:
        return "talk"
    if faces.mean() > FACELESS:
        return None
    if moving >= MOVING or hitting >= HITTING:
        return "action"
    return "scenery" if moving < CALM and hitting < HITTING - 0.1 else None


STEP = 0.25  # of a window's length, from one window to the next
INDEX, CUES = "windows.json", "windows.npy"


@dataclass(frozen=True)
class FilmWindow:
    """One stretch of a film."""

    path: Path
    sha256: str
    split: str
    group: str
    licence: str
    start_seconds: float
    kind: Kind
    starts_on_cut: bool
    cuts_seconds: tuple[float, ...]  # inside, from its beginning


@dataclass(frozen=True, repr=False)
class FilmWindows:
    """All stretches that were found, with their cues."""

    all: tuple[FilmWindow, ...]
    values: NDArray[np.float32]  # [W, T, D], mapped

    @classmethod
    def open(cls, folder: Path) -> FilmWindows:
        """What `index_films` wrote. Raises InputError."""
        return _opened(folder)

    def cues(self, number: int) -> NDArray[np.float32]:
        """The cues of one window, [T, D]."""
        return np.array(self.values[number])


def index_films(
    films: Iterable[Path],
    folder: Path,
    *,
    seconds: float,
    assignment: SplitAssignment,
    passed_over: Callable[[Path, InputError], None],
) -> str:
    """Watches films and writes the index of their windows; its digest. What was watched before is not watched again.

    A film that cannot be read is passed over. Raises InputError where nothing is left, Leakage, OutputError.
    """
    entries = _split_entries(films, assignment)
    check_split_entries(entries.values())
    asked = [seconds, *([path.name, *key, *astuple(entry)] for (path, *key), entry in entries.items())]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
    if _is_indexed(folder, digest):
        return digest
    found: list[FilmWindow] = []
    cues: list[NDArray[np.float32]] = []
    for (path, sha256), entry in entries.items():
        try:
            for window, values in _windows(path, sha256, entry, seconds):
                found.append(window)
                cues.append(values)
        except InputError as error:
            passed_over(path, error)
    if not found:
        raise InputError("Wanted pictures for scenes, found no stretch that is talk, action or scenery; use rendered.")
    _write(folder, digest, found, np.stack(cues))
    return digest


def _split_entries(films: Iterable[Path], assignment: SplitAssignment) -> dict[tuple[Path, str], SplitEntry]:
    """Films by path and hash, each once."""
    seen: set[str] = set()
    entries: dict[tuple[Path, str], SplitEntry] = {}
    for path in films:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 not in seen:
            entries[path, sha256] = assignment.place(path, sha256)
        seen.add(sha256)
    return entries


def window_starts(duration_seconds: float, seconds: float) -> Iterator[float]:
    """Beginnings of windows that lie inside the film; neighbours overlap."""
    number = 0
    while number * STEP * seconds + seconds <= duration_seconds:
        yield number * STEP * seconds
        number += 1


def _windows(
    path: Path, sha256: str, entry: SplitEntry, seconds: float
) -> Iterator[tuple[FilmWindow, NDArray[np.float32]]]:
    """The stretches of a film that are of some kind, with their cues [T, D]."""
    info = probe(path)
    sight = watch_film(info)
    for start in window_starts(info.duration_seconds, seconds):
        values = sight.cues(start, seconds)
        kind = scene_kind(values)
        if kind:
            cuts = tuple(sight.cuts_within(start, seconds))
            begins = on_cut(start, sight.cut_seconds)
            place = path.resolve()
            yield FilmWindow(place, sha256, entry.split, entry.group, entry.licence, start, kind, begins, cuts), values


def _is_indexed(folder: Path, digest: str) -> bool:
    try:
        return bool(json.loads((folder / INDEX).read_text(encoding="utf-8"))["made_of"] == digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(folder: Path, digest: str, windows: list[FilmWindow], cues: NDArray[np.float32]) -> None:
    """The cues, then the index that says that they are whole."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_or_absent(folder / CUES) as temporary, temporary.open("wb") as file:
        np.save(file, cues)
    rows = [asdict(window) | {"path": str(window.path)} for window in windows]
    with whole_or_absent(folder / INDEX) as temporary:
        temporary.write_text(json.dumps({"made_of": digest, "windows": rows}, ensure_ascii=False), encoding="utf-8")


@lru_cache(maxsize=1)
def _opened(folder: Path) -> FilmWindows:
    try:
        rows: list[dict[str, Any]] = json.loads((folder / INDEX).read_text(encoding="utf-8"))["windows"]
        values = np.load(folder / CUES, mmap_mode="r", allow_pickle=False)
        windows = [
            FilmWindow(**row | {"path": Path(row["path"]), "cuts_seconds": tuple(row["cuts_seconds"])}) for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"Wanted the windows in {folder}, which cannot be read ({error}); build again.") from error
    return FilmWindows(tuple(windows), values)
