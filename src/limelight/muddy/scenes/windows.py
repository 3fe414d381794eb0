"""Stretches of real films that can stand for a kind of scene: found once, kept in two files, mapped by every worker.

    FOLDER/windows.json    which film, from when, which kind, which split
    FOLDER/windows.npy     the cues of each, [W, T, D] float32

Films are watched one at a time, so memory does not grow with their number; the index is some 1.3 kB for 10 s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from limelight.media.probe import probe
from limelight.media.target import whole_or_absent
from limelight.muddy.cutting import on_cut
from limelight.muddy.pictures.storyboard import Kind
from limelight.muddy.scenes.classify import kind_of
from limelight.muddy.sight import Sight, watch
from limelight.muddy.splits import Filing, Register, check_filings

STEP = 0.25  # of a window's length, from one window to the next
INDEX, CUES = "windows.json", "windows.npy"


@dataclass(frozen=True)
class Window:
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
class Windows:
    """All stretches that were found, with their cues."""

    all: tuple[Window, ...]
    values: NDArray[np.float32]  # [W, T, D], mapped

    @classmethod
    def open(cls, folder: Path) -> Windows:
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
    register: Register,
    watched: Callable[[Path], None] = lambda path: None,
) -> str:
    """Watches films and writes the index of their windows; its digest. Films without a picture are passed over.

    Raises InputError for a file that is no film, Leakage, OutputError.
    """
    found: list[Window] = []
    cues: list[NDArray[np.float32]] = []
    filings: dict[str, Filing] = {}
    for path in films:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 in filings:
            continue  # a copy
        filings[sha256] = register.file(path, sha256)
        info = probe(path)
        sight = watch(info)
        for start in window_starts(info.duration_seconds, seconds):
            values = sight.cues(start, seconds)
            kind = kind_of(values)
            if kind:
                found.append(_window(path, sha256, filings[sha256], start, seconds, kind, sight))
                cues.append(values)
        watched(path)
    check_filings(filings.values())
    if not found:
        raise InputError("Wanted pictures for scenes, found no stretch that is talk, action or scenery; use rendered.")
    return _write(folder, found, np.stack(cues))


def window_starts(duration_seconds: float, seconds: float) -> Iterator[float]:
    """Beginnings of windows that lie inside the film; neighbours overlap."""
    number = 0
    while number * STEP * seconds + seconds <= duration_seconds:
        yield number * STEP * seconds
        number += 1


def _window(
    path: Path, sha256: str, filing: Filing, start_seconds: float, seconds: float, kind: Kind, sight: Sight
) -> Window:
    return Window(
        path=path.resolve(),
        sha256=sha256,
        split=filing.split,
        group=filing.group,
        licence=filing.licence,
        start_seconds=start_seconds,
        kind=kind,
        starts_on_cut=on_cut(start_seconds, sight.cut_seconds),
        cuts_seconds=tuple(sight.cuts_within(start_seconds, seconds)),
    )


def _write(folder: Path, windows: list[Window], cues: NDArray[np.float32]) -> str:
    rows = [asdict(window) | {"path": str(window.path)} for window in windows]
    with whole_or_absent(folder / CUES) as temporary, temporary.open("wb") as file:
        np.save(file, cues)
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    with whole_or_absent(folder / INDEX) as temporary:
        temporary.write_text(text, encoding="utf-8")
    # Where the films lie is of no account, what they are is.
    nameless = json.dumps([{**row, "path": ""} for row in rows], sort_keys=True)
    return hashlib.sha256(nameless.encode() + cues.tobytes()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _opened(folder: Path) -> Windows:
    try:
        rows: list[dict[str, Any]] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        values = np.load(folder / CUES, mmap_mode="r", allow_pickle=False)
        windows = [
            Window(**row | {"path": Path(row["path"]), "cuts_seconds": tuple(row["cuts_seconds"])}) for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"Wanted the windows in {folder}, which cannot be read ({error}); build again.") from error
    return Windows(tuple(windows), values)
