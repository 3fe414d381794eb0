"""From a folder of films to a data set: every film taken apart, cut, degraded and written, several at a time.

    films ──file, hash, split──► jobs ──workers──► clips/NAME/ …   sources/FILM.json (when the film is done)
                                                        └─ all of them ──► manifest.jsonl

The papers' three steps (Muddy Mix, CVPR 2025): separate, adjust, remix. A film is one job and the unit of resuming: what
is sampled for a clip depends on the seed, the film's bytes and the clip's number alone, so that neither the number of
workers nor a kill in between can be seen in the result.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from limelight.batch.engine import Engine
from limelight.batch.queue import run_jobs
from limelight.dataset.build_state import BuildPart, Skipped, finish, open_state, recorded
from limelight.dataset.film_audio import separator_text
from limelight.dataset.films import BuildSettings, FilmJob, build_film
from limelight.dataset.manifest import read_manifest
from limelight.dataset.splits import SplitAssignment, check_split_entries
from limelight.errors import InputError
from limelight.media.formats import FILM_SUFFIXES
from limelight.media.probe import probe

LONGEST_NAME = 40

# seconds of film done, seconds in all
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Built:
    """What came of a build."""

    folder: Path
    clips: int  # in the data set now
    films: int  # built now
    films_before: int  # that an earlier build had done
    left_out: Counter[str]  # trivial pairs, by reason
    skipped: tuple[Skipped, ...]  # films that could not be used


def build_from_films(
    films: Iterable[Path | str],
    folder: Path | str,
    *,
    settings: BuildSettings | None = None,
    splits: SplitAssignment | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Built:
    """Builds, or goes on building, a data set from films and folders of films.

    workers: processes, as many as there are cores where none is said; a script that calls this needs its
    `if __name__ == "__main__"`, since workers import it. engine: in their place, say a cluster, whose nodes all see `folder`
    and the films under the same paths. One bad film is skipped and listed. Raises InputError for
    settings that are wrong or are not those the folder was begun with, Leakage, OutputError.
    """
    folder, settings, splits = Path(folder), settings or BuildSettings(), splits or SplitAssignment()
    paths = find_films(films)
    open_state(folder, _declared(settings), defaults={"limit": "both"})
    jobs, skipped = _jobs(paths, folder, settings, splits)
    waiting = [job for job in jobs if recorded(folder, job.name, job.facts) is None]
    watch = _Watch([_duration(job.path) for job in waiting], progress)
    built: list[BuildPart] = []
    sensible = _sensible(workers, len(waiting))
    for outcome in run_jobs(build_film, waiting, engine=engine, workers=sensible, watch=watch):
        watch.finished(outcome.number)
        if outcome.result is None:
            skipped.append(Skipped(str(waiting[outcome.number].path), outcome.code, outcome.message))
        else:
            built.append(outcome.result)
    left_out = finish(folder, skipped, by_sound=True)
    clips = len(read_manifest(folder))
    return Built(folder, clips, len(built), len(jobs) - len(waiting), left_out, tuple(skipped))


def find_films(films: Iterable[Path | str]) -> list[Path]:
    """Files as they are, folders searched for films, each once, in order. Raises InputError where nothing is found."""
    found: set[Path] = set()
    for path in map(Path, films):
        inside = [one for one in path.rglob("*") if one.suffix.lower() in FILM_SUFFIXES] if path.is_dir() else [path]
        found.update(one for one in inside if not one.name.startswith("."))
    if not found:
        raise InputError(f"Wanted films, found none; give files or folders with {' '.join(sorted(FILM_SUFFIXES))}.")
    return sorted(found)


def film_name(path: Path, sha256: str) -> str:
    """What a film's clips are called: readable, a name on every system, one for these bytes."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in path.stem.lower())
    words = "-".join(word for word in plain.split("-") if word)
    return f"{words[:LONGEST_NAME].rstrip('-') or 'film'}-{sha256[:8]}"


def _declared(settings: BuildSettings) -> dict[str, Any]:
    """What must be the same for a build to go on; checks the recipes and the separator on the way."""
    separator = separator_text(settings.separator)
    recipes = [str(wish) for wish in settings.wishes]
    return {"from": "films", **asdict(settings), "recipes": recipes, "separator": separator}


def _jobs(
    paths: Sequence[Path], folder: Path, settings: BuildSettings, splits: SplitAssignment
) -> tuple[list[FilmJob], list[Skipped]]:
    """A job for each film; a second copy of the same bytes is the same film."""
    jobs: dict[str, FilmJob] = {}
    skipped = []
    for path in paths:
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            skipped.append(Skipped(str(path), InputError.code, f"cannot read {path}: {error.strerror or error}"))
            continue
        place = splits.place(path, sha256)
        jobs.setdefault(sha256, FilmJob(path, film_name(path, sha256), sha256, place, folder, settings))
    check_split_entries(job.place for job in jobs.values())
    return list(jobs.values()), skipped


def _duration(path: Path) -> float:
    """For the progress bar alone: what cannot be probed is told by its job."""
    try:
        return probe(path).duration_seconds
    except InputError:
        return 0.0


def _sensible(workers: int | None, jobs: int) -> int:
    return max(1, min(workers or os.cpu_count() or 1, jobs))


class _Watch:
    """Adds up what the jobs report."""

    def __init__(self, seconds: Sequence[float], progress: Progress | None) -> None:
        self._total, self._seconds = sum(seconds), list(seconds)
        self._done = [0.0] * len(self._seconds)
        self._progress = progress or (lambda done, total: None)

    def __call__(self, number: int, done: float) -> None:
        self._done[number] = max(self._done[number], done)
        self._progress(sum(self._done), self._total)

    def finished(self, number: int) -> None:
        self(number, self._seconds[number])
