"""The films that the page knows, what is made of them, and the jobs on their way; all on the disk, so that nothing is lost.

    WORK/lock               held by the server that works here
    WORK/dropped/NAME       films that were dropped on the page
    WORK/ID/film.json       where a film is
           /proposal.json, plan.json, sound.bin, …          what the analysis leaves
           /jobs.json       its jobs: those that were not over are done again when the server starts
           /results/NAME    what was rendered

A film's ID is made from its place, size and date: another file under the same name is another film. Only files inside the
folders that were opened are films; links that lead out of them are not.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

from limelight.batch.engine import Engine
from limelight.batch.local_engine import LocalEngine
from limelight.batch.queue import Queue, Status
from limelight.errors import InputError, LimelightError, OutputError, TooLarge
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.target import naming_write_errors, sweep, whole_or_absent
from limelight.report.words import plain
from limelight.server.choices import Choices, told
from limelight.server.work import RESULTS, Done, Kind, Task, check_room, do_task, overall

if sys.platform != "win32":
    import fcntl

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER = ("done", "failed", "cancelled")
MOST_WAITING = 100
MOST_LISTED = 2000
LARGEST_DROP_BYTES = 50_000_000_000
DROPPED = "dropped"
# By which films and sound files are known in a folder.
_KNOWN = "mp4 m4v mov mkv webm ts m2ts mts flv avi mpg mpeg vob wmv asf ogv 3gp wav flac mp3 m4a mka aac ogg oga opus"
SUFFIXES = frozenset(f".{suffix}" for suffix in _KNOWN.split())


class QueueFull(Exception):
    """So many jobs wait already that no more are taken."""


@dataclass(frozen=True)
class PageJob:
    """A job as the page tells it."""

    id: str
    film: str
    kind: Kind
    editors: tuple[str, ...] = ()
    choices: Choices = Choices()
    state: State = "waiting"
    stage: str = ""
    share: float = 0.0  # of the whole job that is done
    seconds: float = 0.0  # since it was begun
    seconds_left: float | None = None
    code: str = ""  # of an error
    message: str = ""
    files: tuple[str, ...] = ()  # results to be downloaded
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.state in OVER


@dataclass(frozen=True)
class Film:
    """A film that was opened."""

    id: str
    path: str
    name: str
    duration_seconds: float
    has_picture: bool
    soundtracks: list[dict[str, Any]] = field(default_factory=list)  # what the file says of each


class Films:
    """Opens films, has work done on them, remembers. Called from any thread."""

    def __init__(
        self,
        work: Path,
        folders: Sequence[Path],
        *,
        jobs: int = 1,
        engine: Engine | None = None,
        separator: str | None = None,
        director: str | None = None,
        threads: int | None = 1,
        do: Callable[[Task, Callable[[float], None]], Done] = do_task,
    ) -> None:
        """work: the folder for all that is made; folders: what may be opened; jobs: how many run at once, in
        processes of this machine unless there is another engine.

        Raises OutputError where another server works there.
        """
        with naming_write_errors(work):
            work.mkdir(parents=True, exist_ok=True)
            (work / DROPPED).mkdir(exist_ok=True)
        self.work, self.threads = work.resolve(), threads
        self._lock_file = _hold(self.work)
        self.folders = tuple(dict.fromkeys((*(folder.resolve() for folder in folders), self.work / DROPPED)))
        self._models = (separator, director)
        self._films: dict[str, Film] = {}
        self._jobs: dict[str, PageJob] = {}
        self._numbers: dict[int, str] = {}
        self._lock, self._closed = threading.RLock(), False
        self._queue: Queue[Task, Done] = Queue(engine or LocalEngine(jobs), do)
        self._queue.start(self._changed)
        sweep(self.work / DROPPED)
        self._remember()

    def close(self) -> None:
        """Stops what runs; it is done again by the next server."""
        with self._lock:
            self._numbers.clear()  # what is stopped now is not cancelled
            if self._closed:
                return
            self._closed = True
        self._queue.close()
        self._lock_file.close()

    # ---- films ----

    def films(self) -> list[Film]:
        with self._lock:
            return list(self._films.values())

    def film(self, film: str) -> Film:
        """Raises InputError for one that is not open."""
        with self._lock:
            found = self._films.get(film)
        if found is None:
            raise InputError(f"wanted the film {plain(film)}, it is not open here; open it by its path")
        return found

    def folder(self, film: str) -> Path:
        """Where all lies that is made of a film."""
        return self.work / self.film(film).id

    def open(self, path: Path, choices: Choices | None = None) -> Film:
        """Opens a film, and has it analysed unless it is. One with several soundtracks is listened to first, and the user
        asked what they are, unless that is told here.

        Raises InputError and its kinds, NoSoundtrack, UsageError, QueueFull, OutputError.
        """
        path = self.allowed(path)
        info = probe(path)
        choose_soundtrack(info)
        chosen = choices or Choices()
        chosen.check("analyse", info)
        soundtracks = [{name: plain(text) for name, text in told(track).items()} for track in info.soundtracks]
        has_picture = info.picture is not None
        film = Film(_id(path), str(path), plain(path.name), info.duration_seconds, has_picture, soundtracks)
        asks = len(soundtracks) > 1 and not chosen.tracks and chosen.audio_stream is None
        folder = self.work / film.id
        with self._lock:
            if film.id in self._films and self.analysed(film.id):
                return film
            self._check_queue()
            check_room(self.work, path)
            with naming_write_errors(folder):
                folder.mkdir(exist_ok=True)
            _write(folder / "film.json", asdict(film))
            self._films[film.id] = film
            if not self.analysed(film.id) and not self._busy(film.id, "analyse") and not self._busy(film.id, "tracks"):
                if asks and not any("guesses" in job.facts for job in self.jobs(film.id)):
                    self.submit(film.id, "tracks")
                elif not asks:
                    self.submit(film.id, "analyse", choices=chosen)
        return film

    def close_film(self, film: str) -> None:
        """Stops its jobs and removes what was made of it; the film itself stays, unless it was dropped here."""
        found = self.film(film)
        with self._lock:
            running = [job.id for job in self.jobs(film) if not job.over]
            for name in running:
                self.cancel(name)
            self._films.pop(film)
            for job in self.jobs(film):
                self._jobs.pop(job.id)
        for _ in range(100 if running else 0):  # a worker that still writes there would make the folder anew
            if all(status.over for status in self._queue.statuses() if self._numbers.get(status.number) in running):
                break
            time.sleep(0.1)
        shutil.rmtree(self.work / film, ignore_errors=True)
        if Path(found.path).parent == self.work / DROPPED:
            with suppress(OSError):
                Path(found.path).unlink()

    def allowed(self, path: Path) -> Path:
        """The real place of a film. Raises InputError where that is not inside a folder that was opened."""
        refused = InputError(
            f"cannot open {plain(path)}: it is not a file inside the folders that the page was started with; "
            "start it with that folder, or drop the film on the page"
        )
        try:
            real = path.resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise refused from None
        if not real.is_file() or not any(real.is_relative_to(folder) for folder in self.folders):
            raise refused
        return real

    def found(self) -> Iterator[Path]:
        """Films and sound files in the folders that were opened, not in those below."""
        for folder in self.folders:
            with suppress(OSError):
                for path in sorted(folder.iterdir())[:MOST_LISTED]:
                    if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
                        yield path

    def analysed(self, film: str) -> bool:
        return (self.work / film / "plan.json").is_file()

    def drop(self, name: str) -> Path:
        """A free place for a film that comes over the page. Its name is only a name."""
        clean = plain(name.replace("\\", "/").rpartition("/")[2], limit=5000).strip(". ")
        clean = "".join("_" if sign in '/\\:*?"<>|\ufffd' else sign for sign in clean)
        stem, suffix = os.path.splitext(clean)
        if suffix.lower() not in SUFFIXES or not stem:
            raise InputError(
                f"cannot take {plain(name)!r}: its name does not end as a film's does; use one of {_KNOWN}"
            )
        stem, number = stem.encode()[:150].decode(errors="ignore"), 1
        place = self.work / DROPPED / f"{stem}{suffix}"
        while place.exists():
            number += 1
            place = self.work / DROPPED / f"{stem} {number}{suffix}"
        return place

    # ---- jobs ----

    def submit(
        self, film: str, kind: Kind, editors: Sequence[str] = (), choices: Choices | None = None
    ) -> PageJob:
        """Raises QueueFull where too many wait, InputError for a film that is not open or not analysed yet, UsageError and
        the kinds of InputError for choices that do not fit."""
        found, chosen = self.film(film), choices or Choices()
        if chosen != Choices():
            chosen.check(kind, probe(self.allowed(Path(found.path))))
        if kind not in ("tracks", "analyse") and not self.analysed(film):
            raise InputError(f"wanted to {kind} {found.name}, it is not analysed yet; wait for that, or see its error")
        with self._lock:
            self._check_queue()
            if kind == "analyse" and self._busy(film, kind):
                raise InputError(f"wanted to analyse {found.name}, that is on its way already; wait, or stop it")
            job = PageJob(f"{kind}-{time.time_ns():x}", film, kind, tuple(editors), chosen)
            self._begin(job)
            self._keep(film)
        return job

    def jobs(self, film: str | None = None) -> list[PageJob]:
        """All, or those of a film, the oldest first."""
        with self._lock:
            return [job for job in self._jobs.values() if film is None or job.film == film]

    def job(self, job: str) -> PageJob:
        """Raises InputError for one that is not known."""
        with self._lock:
            found = self._jobs.get(job)
        if found is None:
            raise InputError(f"wanted the job {plain(job)}, there is none; ask for the list of jobs")
        return found

    def cancel(self, job: str) -> PageJob:
        """Stops a job, soon. One that is over stays as it is."""
        found = self.job(job)
        with self._lock:
            number = next((number for number, name in self._numbers.items() if name == job), None)
        if number is not None:
            self._queue.cancel(number)
        return found

    def result(self, film: str, name: str) -> Path:
        """A result that a job has told of. Raises InputError."""
        if any(name in job.files for job in self.jobs(self.film(film).id)):
            path = self.folder(film) / RESULTS / name
            if path.is_file():
                return path
        raise InputError(f"wanted the result {plain(name)}, there is none; render the film first")

    # ---- inside ----

    def _check_queue(self) -> None:
        waiting = sum(not job.over for job in self._jobs.values())
        if waiting >= MOST_WAITING:
            raise QueueFull(f"{waiting} jobs wait already, {MOST_WAITING} are the most; wait until some are done")

    def _busy(self, film: str, kind: Kind) -> bool:
        return any(job.kind == kind and not job.over for job in self.jobs(film))

    def _begin(self, job: PageJob) -> None:
        separator, director = self._models
        film = self.film(job.film)
        folder = str(self.work / film.id)
        task = Task(job.kind, film.path, folder, separator, director, job.editors, self.threads, job.choices)
        self._jobs[job.id] = replace(job, state="waiting", share=0.0, stage="")
        self._numbers[self._queue.submit(task)] = job.id

    def _changed(self, status: Status[Done]) -> None:
        """From the queue's own thread."""
        with self._lock:
            job = self._jobs.get(self._numbers.get(status.number, ""))
            if job is None:
                return
            stage, share = overall(job.kind, status.done)
            left = status.seconds * (1 - share) / share if share > 0.02 and status.state == "running" else None
            new = replace(job, state=status.state, stage=stage, share=share, seconds=status.seconds, seconds_left=left)
            if status.over:
                new = _ended(new, status)
            self._jobs[job.id] = new
            if new.state != job.state and job.film in self._films:
                self._keep(job.film)

    def _keep(self, film: str) -> None:
        """The jobs of a film, on the disk. A full disk must not stop the queue: then they are only remembered here."""
        with suppress(OutputError):
            _write(self.work / film / "jobs.json", [asdict(job) for job in self.jobs(film)])

    def _remember(self) -> None:
        """What was open when the last server ended; jobs that were not over begin again."""
        for place in sorted(self.work.glob("*/film.json"), key=lambda path: path.stat().st_mtime):
            with suppress(OSError, ValueError, TypeError, KeyError, LimelightError):  # whatever stands in a broken file
                film = Film(**json.loads(place.read_text(encoding="utf-8")))
                if _id(self.allowed(Path(film.path))) != film.id or place.parent.name != film.id:
                    continue
                self._films[film.id] = film
                for known in _read(place.with_name("jobs.json")):
                    job = _job(known)
                    if job.over:
                        self._jobs[job.id] = job
                    else:
                        self._begin(job)


def _ended(job: PageJob, status: Status[Done]) -> PageJob:
    outcome = status.outcome
    if outcome is None or outcome.result is None:
        code, message = ("", "") if outcome is None else (outcome.code, plain(outcome.message, limit=2000))
        return replace(job, code=code, message=message, seconds_left=None)
    done = outcome.result
    return replace(job, share=1.0, seconds_left=None, files=done.files, facts=done.facts)


def _job(known: dict[str, Any]) -> PageJob:
    """As it was kept."""
    lists = {name: tuple(known[name]) for name in ("editors", "files")}
    return PageJob(**{**known, **lists, "choices": Choices(**known.get("choices", {}))})


def _id(path: Path) -> str:
    status = path.stat()
    told = f"{path}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:16]


def _read(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def _write(path: Path, values: Any) -> None:
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")


def _hold(work: Path) -> BinaryIO:
    """Two servers in one folder would do each other's jobs."""
    with naming_write_errors(work):
        file = (work / "lock").open("ab")
    if sys.platform != "win32":
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise OutputError(
                f"wanted to work in {work}, another `limelight serve` does; end that one, or name a folder with --work"
            ) from None
    return file


class Incoming:
    """A film that comes over the page, piece by piece: it appears when it is whole."""

    def __init__(self, place: Path, *, largest_bytes: int = LARGEST_DROP_BYTES) -> None:
        self.place, self._largest, self._bytes = place, largest_bytes, 0
        self._context = whole_or_absent(place, overwrite=False)
        self._file: BinaryIO | None = None

    def __enter__(self) -> Incoming:
        self._file = self._context.__enter__().open("wb")
        return self

    def add(self, data: bytes) -> None:
        """Raises TooLarge, OutputError."""
        self._bytes += len(data)
        if self._bytes > self._largest:
            raise TooLarge(
                f"cannot take {self.place.name}: it is larger than {self._largest / 1e9:g} GB; open it by its path"
            )
        assert self._file is not None
        with naming_write_errors(self.place):
            self._file.write(data)

    def __exit__(self, *error: Any) -> None:
        if self._file:
            self._file.close()
        self._context.__exit__(*error)
