"""A page at work, for tests."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from films import Film, film_path

pytest.importorskip("fastapi", reason="the page's tests need the extra `page`: pip install -e '.[page,dev]'")

import uvicorn

from limelight.server.app import make_app
from limelight.server.films import Films
from limelight.server.guard import Guard

MODELS = str(Path(__file__).with_name("region_models.py"))
TOKEN = "a-token-for-tests"
LOUD = Film(container="mkv", sound="flac", seconds=7.0, amplitude=0.6, flashes=())
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


@dataclass
class Listening:
    """A server in a thread."""

    films: Films
    token: str | None = TOKEN

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        guarded = Guard(make_app(self.films), token=self.token, port=port)
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
