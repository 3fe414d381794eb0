"""A film and a job as the page tells them, and as they are kept on the disk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from limelight.batch.queue import Status
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.report.words import plain
from limelight.server.choices import AS_USUAL, Choices
from limelight.server.work import Done, Kind

State = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class PageJob:
    """A job as the page tells it."""

    id: str
    film: str
    kind: Kind
    editors: tuple[str, ...] = ()
    choices: Choices = AS_USUAL
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


def ended(job: PageJob, status: Status[Done]) -> PageJob:
    """A job that is over, with what came of it."""
    outcome = status.outcome
    if outcome is None or outcome.result is None:
        code, message = ("", "") if outcome is None else (outcome.code, plain(outcome.message, limit=2000))
        return replace(job, code=code, message=message, seconds_left=None)
    done = outcome.result
    return replace(job, share=1.0, seconds_left=None, files=done.files, facts=done.facts)


def job_of(known: dict[str, Any]) -> PageJob:
    """As it was kept."""
    lists = {name: tuple(known[name]) for name in ("editors", "files")}
    return PageJob(**{**known, **lists, "choices": Choices(**known.get("choices", {}))})


def id_of(path: Path) -> str:
    """Of a film: from its place, size and date."""
    status = path.stat()
    told = f"{path}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:16]


def read(path: Path) -> list[dict[str, Any]]:
    """Records that were kept; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def write(path: Path, values: Any) -> None:
    """Keeps records. Raises OutputError."""
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")
