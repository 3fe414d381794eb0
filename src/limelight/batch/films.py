"""One film of a batch, as a job: where it is, where its result goes, what is to be done; and the record of what was done.

    source ─► (fetched) ─► known by its bytes and settings? ─► record "begun" ─► highlight ─► record "done"
                                     └── the result is there already: nothing to do

The record is a small JSON file in `.limelight/` beside the result. It says what the result was made from, and is written
by whoever makes the result. So a batch goes on after any death: of a job, of a machine, of the process that hands the jobs
out. A result without a record, or with one of other bytes or settings, is never replaced unless that is asked for.

A death between the two records leaves "begun". A result appears in one step; so if there is one then that was not there
before, it is whole, and ours.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from limelight import api
from limelight.batch import storage
from limelight.batch.engine import Report
from limelight.batch.storage import Stamp
from limelight.errors import InputError, TargetExists, UsageError
from limelight.media.formats import default_suffix
from limelight.media.probe import probe
from limelight.mixing.controls import Controls
from limelight.mixing.mixers import AnySeparator, Mixer
from limelight.mixing.plan import plan_text
from limelight.models.protocols import Remixer
from limelight.models.registry import DEFAULT_SEPARATOR, load_director, load_remixer, load_separator
from limelight.report.page import write_report
from limelight.vision.encoder import ContextRequest, encoder_for

RECORDS = ".limelight"
PLAN, PAGE = ".plan.json", ".html"


@dataclass(frozen=True)
class FilmSettings:
    """What is to be done with a film, as the flags of `limelight highlight` say it."""

    strength: float = 1.0
    speech_db: float = 0.0
    music_db: float = 0.0
    effects_db: float = 0.0
    loudness: str = "keep"
    true_peak_dbtp: float | None = None
    audio_stream: int | None = None
    separator: str | None = None
    director: str | None = None
    model: str | None = None
    context: str | None = None
    context_model: str | None = None
    text_model: str | None = None
    device: str | None = None
    offline: bool = False
    plan: bool = False  # also NAME.plan.json
    report: bool = False  # also NAME.html

    def __post_init__(self) -> None:
        if self.model and (self.separator or self.director):
            raise UsageError("a model remixes in one step, in place of a separator and a director; give it alone")
        self.controls()
        self.request()

    def controls(self) -> Controls:
        """Raises UsageError for what is out of range."""
        return Controls(
            self.strength, self.speech_db, self.music_db, self.effects_db, self.loudness, self.true_peak_dbtp
        )

    def request(self) -> ContextRequest:
        """Raises UsageError for flags that have no use together."""
        return ContextRequest(
            self.context, self.context_model, self.text_model, device=self.device, offline=self.offline
        )

    def changed(self, wishes: Mapping[str, Any]) -> FilmSettings:
        """The same with other values, as a line of a list gives them. Raises UsageError."""
        known = {one.name: one.type for one in fields(self)}
        for name, value in wishes.items():
            if name not in known:
                raise UsageError(f"no option is called {name!r}; there are film, name, {', '.join(known)}")
            if not _fits(value, str(known[name])):
                raise UsageError(f"the option {name} wants {known[name]}, got {value!r}")
        return replace(self, **wishes)

    @property
    def key(self) -> str:
        """A digest of the settings, and of the files that they name."""
        named = {
            name: _digest_of_file(value)
            for name in ("separator", "director", "model")
            if (value := getattr(self, name))
        }
        return hashlib.sha256(json.dumps([asdict(self), named], sort_keys=True).encode()).hexdigest()[:16]


USUAL = FilmSettings()


@dataclass(frozen=True)
class FilmTask:
    """One film to be done; a plain record."""

    source: str  # a path or a URL
    target: str  # where the result goes, without the suffix: that depends on what the film holds
    settings: FilmSettings = USUAL
    force: bool = False  # whether a result that is not this one may be replaced
    size_bytes: int = 0  # for the time that is left
    threads: int = 1  # of its model

    @property
    def record(self) -> str:
        """Where its record lies."""
        return storage.join(storage.folder_of(self.target), f"{RECORDS}/{storage.name_of(self.target)}.json")

    @property
    def also(self) -> tuple[str, ...]:
        """What is written beside the result."""
        wished = ((self.settings.plan, PLAN), (self.settings.report, PAGE))
        return tuple(self.target + suffix for wish, suffix in wished if wish)


@dataclass(frozen=True)
class FilmRecord:
    """What a result was made from, and what it is."""

    state: Literal["begun", "done"]
    source: str
    source_stamp: Stamp
    sha256: str  # of the source
    settings: str  # their key
    target: str
    replaced: Stamp | None = None  # what was there when it was begun
    result: Stamp | None = None
    result_sha256: str = ""
    film_seconds: float = 0.0
    seconds: float = 0.0  # that it took
    loudness_before_lufs: float | None = None
    loudness_after_lufs: float | None = None
    changed: bool = True  # whether anything was
    notes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # the plan and the page
    node: str = ""
    version: str = ""

    @classmethod
    def read(cls, place: str) -> FilmRecord | None:
        """None where there is none. Raises InputError."""
        text = storage.read_text(place)
        if text is None:
            return None
        try:
            data = json.loads(text)
            stamps = {name: Stamp(**data[name]) for name in ("source_stamp", "replaced", "result") if data[name]}
            return cls(**(data | stamps | {"notes": tuple(data["notes"]), "also": tuple(data["also"])}))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{place} is no record of a batch ({error}); remove it, and the film is done again"
            ) from error

    def write(self, place: str) -> None:
        """Raises OutputError."""
        storage.write_text(place, json.dumps(asdict(self), ensure_ascii=False, indent=1))


@dataclass(frozen=True)
class FilmDone:
    """What came of a film."""

    record: FilmRecord
    before: bool = False  # it was done already


def do_film(task: FilmTask, report: Report) -> FilmDone:
    """Does a film, or finds that it is done. `report` gets the share. Raises the errors of `limelight.errors`."""
    found = storage.stamp(task.source)
    if found is None:
        raise InputError(f"cannot open {task.source}: there is no such file; check the path")
    record, key = FilmRecord.read(task.record), task.settings.key
    if record and _is_done(record, key, found):
        return FilmDone(record, before=True)
    with storage.local_copy(task.source) as path:
        sha256 = digest(path)
        wanted = FilmRecord("begun", task.source, found, sha256, key, task.target + _suffix(path), also=task.also)
        same = record and (record.sha256, record.settings, record.target) == (sha256, key, wanted.target)
        if record and same and _is_there(record):  # the same bytes under another date, or its maker died
            return _settled(task, replace(record, source=task.source, source_stamp=found), before=True)
        there = storage.stamp(wanted.target)
        if record and same and there == record.result:  # ours; what lay beside it is gone
            task = replace(task, force=True)
        if not task.force:
            beside = (place for place in wanted.also if storage.stamp(place))
            if place := wanted.target if there else next(beside, None):
                raise TargetExists(_taken(place, record))
        storage.make_folder(storage.folder_of(task.record))
        begun = replace(wanted, replaced=there)
        begun.write(task.record)
        try:
            return _settled(task, _made(task, begun, path, report))
        except TargetExists:
            other = FilmRecord.read(task.record)  # a twin of this job, on a machine that was thought dead, was first
            if other and other.state == "done" and (other.sha256, other.settings) == (sha256, key):
                return FilmDone(other, before=True)
            raise


def _made(task: FilmTask, begun: FilmRecord, path: Path, report: Report) -> FilmRecord:
    """The film, then its plan and page; what is said of it."""
    started, settings = time.monotonic(), task.settings
    mixer = _mixer(settings, task.threads)
    card = mixer.card
    watching = encoder_for(
        card.name,
        mixer.context,
        settings.request(),
        width=card.context_width,
        source=card.context_source,
        sampled=mixer.sampled,
    )
    shares: dict[str, float] = {}

    def progress(stage: str, done: float, total: float) -> None:
        shares[stage] = min(1.0, done / total) if total else 1.0
        report(sum(shares.values()) / len(api.STAGES))

    with storage.to_be_written(begun.target, overwrite=task.force) as dest:
        result = api.highlight_with(
            path,
            dest,
            mixer=mixer,
            encoder=watching.encoder,
            picture_height=watching.picture_height,
            controls=settings.controls(),
            audio_stream=settings.audio_stream,
            overwrite=task.force,
            progress=progress,
        )
        result_sha256 = digest(dest)
        if settings.plan:
            storage.write_text(task.target + PLAN, plan_text(result.plan))
        if settings.report:
            with storage.to_be_written(task.target + PAGE, overwrite=True) as page:
                write_report(result, page, overwrite=True)
    loudness = result.plan.loudness.before_lufs
    return replace(
        begun,
        result_sha256=result_sha256,
        film_seconds=round(result.source.duration_seconds, 3),
        seconds=round(time.monotonic() - started, 3),
        loudness_before_lufs=_finite(loudness),
        loudness_after_lufs=_finite(result.loudness_after_lufs),
        changed=not result.plan.changes_nothing,
        notes=result.notes,
    )


def _settled(task: FilmTask, record: FilmRecord, *, before: bool = False) -> FilmDone:
    """The record that says that a film is done."""
    from limelight import __version__

    done = replace(record, state="done", result=storage.stamp(record.target), node=platform.node(), version=__version__)
    done.write(task.record)
    return FilmDone(done, before=before)


def _is_done(record: FilmRecord, key: str, found: Stamp) -> bool:
    return record.settings == key and record.source_stamp == found and record.state == "done" and _is_there(record)


def _is_there(record: FilmRecord) -> bool:
    """Whether the result of a record is there: as it was left, or, where its maker died, any that is new."""
    there = storage.stamp(record.target)
    if there is None or not all(storage.stamp(place) for place in record.also):
        return False
    return there == record.result if record.state == "done" else there != record.replaced


def _taken(target: str, record: FilmRecord | None) -> str:
    what = "other bytes or settings" if record else "something else"
    return f"cannot write {target}: it is there, made from {what}; use --force to replace it, or another folder"


def _suffix(path: Path) -> str:
    return default_suffix(probe(path))


def digest(path: Path) -> str:
    """SHA-256 of a file. Raises InputError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; check its rights") from error


@cache
def _digest_of_file(name: str) -> str:
    path = Path(name).expanduser()
    return digest(path) if path.is_file() else ""


def _mixer(settings: FilmSettings, threads: int) -> Mixer:
    """Made anew for every film, of models that are loaded once per process."""
    if settings.model:
        return api.mixer_of(None, None, _remixer(settings.model, threads, settings.device))
    director = load_director(settings.director) if settings.director else load_director()
    hears = _separator(settings.separator or DEFAULT_SEPARATOR, threads, settings.offline)
    return api.mixer_of(hears, director, None)


@lru_cache(maxsize=2)
def _separator(name: str, threads: int, offline: bool) -> AnySeparator:
    return load_separator(name, threads=threads, offline=offline)


@lru_cache(maxsize=2)
def _remixer(name: str, threads: int, device: str | None) -> Remixer:
    return load_remixer(name, threads=threads, device=device)


_KINDS: dict[str, tuple[type, ...]] = {
    "float": (int, float),
    "int": (int,),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
}


def _fits(value: Any, kind: str) -> bool:
    """Whether a value from JSON is of a field's type; true and false are no numbers."""
    kinds = kind.split(" | ")
    return any(isinstance(value, _KINDS[one]) and (one == "bool" or not isinstance(value, bool)) for one in kinds)


def _finite(value: float | None) -> float | None:
    return round(value, 2) if value is not None and abs(value) < 1000 else None
