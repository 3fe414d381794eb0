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

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from limelight.batch.engine import Engine
from limelight.batch.local_engine import LocalEngine
from limelight.batch.queue import Queue, Status
from limelight.errors import InputError, LimelightError, OutputError
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.target import naming_write_errors, sweep
from limelight.report.words import plain
from limelight.server.choices import AS_USUAL, Choices, told
from limelight.server.incoming import SUFFIXES, place_for
from limelight.server.records import Film, PageJob, ended, id_of, job_of, read, write
from limelight.server.work import RESULTS, Done, Kind, Task, check_room, do_task, overall

if sys.platform != "win32":
    import fcntl

MOST_WAITING = 100
MOST_LISTED = 2000
DROPPED = "dropped"


class QueueFull(Exception):
    """So many jobs wait already that no more are taken."""


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
        chosen = choices or AS_USUAL
        chosen.check("analyse", info)
        soundtracks = [{name: plain(text) for name, text in told(track).items()} for track in info.soundtracks]
        has_picture = info.picture is not None
        film = Film(id_of(path), str(path), plain(path.name), info.duration_seconds, has_picture, soundtracks)
        asks = len(soundtracks) > 1 and not chosen.tracks and chosen.audio_stream is None
        folder = self.work / film.id
        with self._lock:
            if film.id in self._films and self.analysed(film.id):
                if chosen not in (AS_USUAL, self._last_choices(film.id)):
                    self.submit(film.id, "analyse", choices=chosen)
                return film
            self._check_queue()
            check_room(self.work, path)
            with naming_write_errors(folder):
                folder.mkdir(exist_ok=True)
            write(folder / "film.json", asdict(film))
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
        """A free place for a film that comes over the page."""
        return place_for(name, self.work / DROPPED)

    # ---- jobs ----

    def submit(self, film: str, kind: Kind, editors: Sequence[str] = (), choices: Choices | None = None) -> PageJob:
        """Raises QueueFull where too many wait, InputError for a film that is not open or not analysed yet, UsageError and
        the kinds of InputError for choices that do not fit."""
        found, chosen = self.film(film), choices or AS_USUAL
        if chosen != AS_USUAL:
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

    def _last_choices(self, film: str) -> Choices | None:
        """Those of the last analysis that was asked for."""
        return next((job.choices for job in reversed(self.jobs(film)) if job.kind == "analyse"), None)

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
                new = ended(new, status)
            self._jobs[job.id] = new
            if new.state != job.state and job.film in self._films:
                self._keep(job.film)

    def _keep(self, film: str) -> None:
        """The jobs of a film, on the disk. A full disk must not stop the queue: then they are only remembered here."""
        with suppress(OutputError):
            write(self.work / film / "jobs.json", [asdict(job) for job in self.jobs(film)])

    def _remember(self) -> None:
        """What was open when the last server ended; jobs that were not over begin again."""
        for place in sorted(self.work.glob("*/film.json"), key=lambda path: path.stat().st_mtime):
            with suppress(OSError, ValueError, TypeError, KeyError, LimelightError):  # whatever stands in a broken file
                film = Film(**json.loads(place.read_text(encoding="utf-8")))
                if id_of(self.allowed(Path(film.path))) != film.id or place.parent.name != film.id:
                    continue
                self._films[film.id] = film
                for known in read(place.with_name("jobs.json")):
                    job = job_of(known)
                    if job.over:
                        self._jobs[job.id] = job
                    else:
                        self._begin(job)


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
