"""Which films, and what their results are called: files, folders, patterns, lists, and a folder that is watched.

    FILE            itself                                                   → OUT/NAME.highlighted.EXT
    FOLDER          the films in it and below it                             → OUT/BELOW/NAME.highlighted.EXT
    'PATTERN*'      what it stands for; ** goes into folders                 → OUT/NAME.highlighted.EXT
    LIST.txt        a path or URL a line                                     → OUT/NAME.highlighted.EXT
    LIST.jsonl      {"film": …, "name": …, "strength": …} a line             → OUT/NAME.EXT, or by its film

Without OUT a result lies beside its film. Paths in a list are relative to the list. What lies in OUT, hidden files and
results of earlier runs are left out of folders. Films come one at a time and can be gone through again: a million names
are not held.
"""

from __future__ import annotations

import glob
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from limelight.batch import storage
from limelight.batch.films import FilmTask
from limelight.batch.settings import USUAL, FilmSettings
from limelight.batch.storage import Stamp
from limelight.errors import InputError, UsageError
from limelight.media.formats import FILM_SUFFIXES

MARK = ".highlighted"
LISTS = (".txt", ".jsonl")
SETTLE_SECONDS = 5.0  # a film is complete when it has not changed for so long, and nobody writes to it
LOOK_SECONDS = 2.0  # between two looks into a watched folder
HELD_SECONDS = 600.0  # after which a lock that nobody writes under is not believed: network disks claim some


@dataclass(frozen=True)
class Inputs:
    """The films of a batch, in order. Iterate it as often as you like. output: absolute, or a URL."""

    places: tuple[str, ...]
    output: str | None = None  # a folder; None: beside each film
    settings: FilmSettings = USUAL
    force: bool = False
    threads: int = 1  # of a film's model; the result does not depend on it

    def __iter__(self) -> Iterator[FilmTask]:
        """Each film once. Raises InputError for two that would get one name, UsageError for a list that is wrong."""
        taken: dict[int, int] = {}  # digests, 100 bytes a film
        for place in self.places:
            for task in self._of(place):
                source, target = hash(task.source), hash(task.target)
                if taken.get(target) == source:
                    continue
                if taken.setdefault(target, source) != source:
                    raise InputError(
                        f"{task.source} and another film would both become {task.target}; give one of them another name in a "
                        'list ({"film": …, "name": …}), or leave one out'
                    )
                yield task

    def check(self) -> tuple[int, int]:
        """Goes through all once: how many films, how many bytes. Raises as above, and InputError where there is none."""
        films, size = 0, 0
        for task in self:
            films, size = films + 1, size + task.size_bytes
        if not films:
            raise InputError(f"wanted films in {', '.join(self.places)}, found none; give files, folders or a list")
        return films, size

    def task(self, source: str, name: str | None = None, *, below: str = "", stamp: Stamp | None = None) -> FilmTask:
        """A film with the name of its result by the rule; below: its folder within that which was given."""
        stem = PurePosixPath(storage.name_of(source)).stem
        name = name or f"{below}{'/' if below else ''}{stem}{MARK}"
        folder = storage.folder_of(source) if self.output is None else self.output
        if self.output is None and below:
            name = PurePosixPath(name).name
        size = stamp.size_bytes if stamp else 0
        return FilmTask(source, storage.join(folder, name), self.settings, self.force, size, self.threads)

    def _of(self, place: str) -> Iterator[FilmTask]:
        if place.endswith(LISTS):
            yield from self._of_list(place)
        elif storage.is_folder(place):
            yield from self.of_folder(place)
        elif set(place) & set("*?[") and storage.stamp(place) is None:
            found = storage.matching(place) if storage.is_url(place) else sorted(glob.iglob(place, recursive=True))
            for one in found:
                if not storage.is_folder(one):
                    yield self._single(one)
        else:
            yield self._single(place)

    def _single(self, place: str) -> FilmTask:
        place = place if storage.is_url(place) else os.path.abspath(place)
        return self.task(place, stamp=storage.stamp(place))

    def of_folder(self, folder: str) -> Iterator[FilmTask]:
        """The films in a folder and below."""
        folder = folder if storage.is_url(folder) else os.path.abspath(folder)
        inside = self._output_inside(folder)
        for name, stamp in storage.files_in(folder):
            path = PurePosixPath(name)
            if path.suffix.lower() not in FILM_SUFFIXES or path.stem.endswith(MARK):
                continue
            if inside is None or not path.is_relative_to(inside):
                below = "" if path.parent == PurePosixPath(".") else path.parent.as_posix()
                yield self.task(storage.join(folder, name), below=below, stamp=stamp)

    def _output_inside(self, folder: str) -> PurePosixPath | None:
        """Where the results lie within a folder of films."""
        if self.output is None or not self.output.startswith(folder.rstrip("/") + "/"):
            return None
        return PurePosixPath(self.output[len(folder.rstrip("/")) + 1 :])

    def _of_list(self, place: str) -> Iterator[FilmTask]:
        base = storage.folder_of(place)
        for number, line in enumerate(_lines(place), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            try:
                given = json.loads(line) if line.startswith("{") else {"film": line}
                yield self._listed(given, base)
            except (UsageError, ValueError) as error:
                raise UsageError(f"line {number} of {place}: {error}; mend the line, or leave it out") from error

    def _listed(self, given: dict[str, Any], base: str) -> FilmTask:
        film, name = given.pop("film", None), given.pop("name", None)
        if not isinstance(film, str) or not film:
            raise UsageError('it names no film; write {"film": "PATH", …}')
        if name is not None and (not isinstance(name, str) or not _stays_inside(name)):
            raise UsageError(f"the name of a result lies within the output's folder, got {name!r}")
        film = os.path.expanduser(film)
        source = film if storage.is_url(film) or os.path.isabs(film) else storage.join(base, film)
        made = replace(self, places=(), settings=self.settings.changed(given, base))
        return made.task(source, name, stamp=storage.stamp(source))


@dataclass
class Watched:
    """The films of a folder as they become complete; None where there is none now. It never ends.

    Raises InputError where there is no such folder to begin with; one that goes away later is waited for.
    """

    folder: str
    inputs: Inputs
    settle_seconds: float = SETTLE_SECONDS
    look_seconds: float = LOOK_SECONDS
    _seen: dict[str, tuple[Stamp, float]] = field(default_factory=dict)  # last stamp, and since when
    _taken: dict[str, Stamp] = field(default_factory=dict)

    def __iter__(self) -> Iterator[FilmTask | None]:
        if not storage.is_url(self.folder) and not storage.is_folder(self.folder):  # a bucket has no empty folders
            raise InputError(f"cannot watch {self.folder}: there is no such folder; make it first")
        looked = -self.look_seconds
        while True:
            if time.monotonic() - looked < self.look_seconds:
                yield None
                continue
            looked = time.monotonic()
            present = set()
            for task in self.inputs.of_folder(self.folder):
                present.add(task.source)
                if self._is_complete(task.source):
                    yield task
            for gone in set(self._seen) - present:
                self._seen.pop(gone)
                self._taken.pop(gone, None)
            yield None

    def _is_complete(self, source: str) -> bool:
        """Once for each state of a file."""
        try:
            found = storage.stamp(source)
        except InputError:  # it may be readable later
            return False
        if found is None or self._taken.get(source) == found:
            return False
        stamp, since = self._seen.get(source, (None, 0.0))
        if stamp != found:
            self._seen[source] = (found, time.monotonic())
            return False
        still = time.monotonic() - since
        if still < self.settle_seconds or found.size_bytes == 0:
            return False
        if not storage.is_url(source) and still < HELD_SECONDS and is_written_to(Path(source)):
            return False
        self._taken[source] = found
        return True


def is_written_to(path: Path) -> bool:
    """Whether a program has a file open to write to it. Only Linux says so: a read lease is refused then."""
    if sys.platform == "linux":
        import errno
        import fcntl

        try:
            with path.open("rb") as file:
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
    return False


def _lines(place: str) -> Iterator[str]:
    if storage.is_url(place):
        yield from (storage.read_text(place) or "").splitlines()
    else:
        try:
            with open(place, encoding="utf-8-sig") as file:
                yield from file
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read the list {place}: {error}; check the path") from error


def _stays_inside(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return bool(parts.name) and not parts.is_absolute() and ".." not in parts.parts and ":" not in name
