"""A page at work, for tests."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest
from films import Film, film_path

pytest.importorskip("fastapi", reason="the page's tests need the extra `page`: pip install -e '.[page,dev]'")

import uvicorn

from limelight.batch.engine import Event, JobOutcome, Progressed, Resources, Work, outcome_of
from limelight.errors import Interrupted
from limelight.server.app import make_app
from limelight.server.films import Films
from limelight.server.guard import Guard

MODELS = str(Path(__file__).with_name("region_models.py"))
TOKEN = "a-token-for-tests"
LOUD = Film(container="mkv", sound="flac", seconds=7.0, amplitude=0.99)
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


@dataclass
class Served:
    """A page that listens."""

    films: Films
    address: str
    folder: Path  # with its films

    @property
    def door(self) -> str:
        return f"{self.address}/?token={TOKEN}"


def put_film(folder: Path, film: Film, name: str) -> Path:
    return Path(shutil.copy(film_path(film), folder / name))


def wait_for(films: Films, job: str, *, seconds: float = 240) -> None:
    """Until a job is over; raises what it said where it failed."""
    end = time.monotonic() + seconds
    while not films.job(job).over:
        assert time.monotonic() < end, films.job(job)
        time.sleep(0.05)
    assert films.job(job).state == "done", films.job(job)


def analysed(films: Films, path: Path) -> str:
    """A film that is open and ready."""
    film = films.open(path)
    for job in films.jobs(film.id):
        wait_for(films, job.id)
    return film.id


class ThreadEngine:
    """Runs one job after the other in a thread of this process: quickly begun, for jobs that do nothing heavy."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Work, object]] = []
        self._events: Queue[Event] = Queue()
        self._running: int | None = None
        self._stop = threading.Event()

    def slots(self, resources: Resources) -> int:
        return 1

    def submit(self, number: int, work: Work, job: object, resources: Resources) -> None:
        self._waiting.append((number, work, job))
        self._next()

    def _next(self) -> None:
        if self._running is not None or not self._waiting:
            return
        number, work, job = self._waiting.pop(0)
        self._running, self._stop = number, threading.Event()
        threading.Thread(target=self._run, args=(number, work, job, self._stop), daemon=True).start()

    def _run(self, number: int, work: Work, job: object, stop: threading.Event) -> None:
        def report(done: float) -> None:
            if stop.is_set():
                raise Interrupted("stopped")
            self._events.put(Progressed(number, done))

        try:
            self._events.put(outcome_of(work, number, job, report))
        except Interrupted as error:
            self._events.put(JobOutcome(number, None, error.code, str(error)))

    def wait(self, timeout_seconds: float) -> list[Event]:
        found: list[Event] = []
        with suppress(Empty):
            found.append(self._events.get(timeout=min(0.05, timeout_seconds)))
            while True:
                found.append(self._events.get_nowait())
        if any(isinstance(event, JobOutcome) for event in found):
            self._running = None
            self._next()
        return found

    def cancel(self, number: int) -> None:
        if number == self._running:
            self._stop.set()
        for waiting in [one for one in self._waiting if one[0] == number]:
            self._waiting.remove(waiting)
            self._events.put(JobOutcome(number, None, Interrupted.code, "cancelled before it began"))

    def close(self) -> None:
        self._stop.set()


@dataclass
class Listening:
    """A server in a thread."""

    films: Films
    token: str | None = TOKEN
    study: Path | None = None

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        guarded = Guard(make_app(self.films, study=self.study), token=self.token, port=port)
        self._server = uvicorn.Server(uvicorn.Config(guarded, log_level="error", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()
