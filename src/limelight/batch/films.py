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
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from limelight import api
from limelight.batch import storage
from limelight.batch.engine import Report
from limelight.batch.settings import USUAL, FilmSettings, digest
from limelight.batch.storage import Stamp
from limelight.errors import InputError, TargetExists
from limelight.media.formats import default_suffix
from limelight.media.probe import probe
from limelight.mixing.job import Progress
from limelight.mixing.mixers import AnySeparator, Mixer
from limelight.mixing.plan import plan_text
from limelight.mixing.track_roles import find_tracks
from limelight.models.directors.style import Style
from limelight.models.protocols import Remixer
from limelight.models.registry import DEFAULT_SEPARATOR, load_director, load_remixer, load_separator
from limelight.models.separators.tracks import Tracks
from limelight.report.page import write_report
from limelight.vision.encoder import encoder_for

RECORDS = ".limelight"
PLAN, PAGE = ".plan.json", ".html"


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
    def places(self) -> tuple[str, ...]:
        """The film, and the files that are its alone: what it is made from."""
        return (self.source, *self.settings.files)

    def stamp(self) -> Stamp:
        """Of all of them. Raises InputError where one is missing."""
        found = []
        for place in self.places:
            stamp = storage.stamp(place)
            if stamp is None:
                raise InputError(f"cannot open {place}: there is no such file; check the path")
            found.append(stamp)
        return Stamp(sum(one.size_bytes for one in found), "|".join(one.changed for one in found))

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
        storage.write_text(place, storage.json_text(asdict(self), indent=1))


@dataclass(frozen=True)
class FilmDone:
    """What came of a film."""

    record: FilmRecord
    before: bool = False  # it was done already


def do_film(task: FilmTask, report: Report) -> FilmDone:
    """Does a film, or finds that it is done. `report` gets the share. Raises the errors of `limelight.errors`."""
    found = task.stamp()
    record, key = FilmRecord.read(task.record), task.settings.key
    if record and _is_done(record, task, found):
        return FilmDone(record, before=True)
    with ExitStack() as held:
        path, *files = (held.enter_context(storage.local_copy(place)) for place in task.places)
        settings = task.settings.with_files(dict(zip(task.settings.files, files, strict=True)))
        sha256 = _digest_of_all([path, *files])
        wanted = FilmRecord("begun", task.source, found, sha256, key, task.target + _suffix(path), also=task.also)
        same = record and (record.sha256, record.settings, record.target) == (sha256, key, wanted.target)
        if record and same and _is_there(record, task):  # the same bytes under another date, or its maker died
            return _settled(task, replace(record, source=task.source, source_stamp=found), before=True)
        ours = (record.target, *record.also) if record and same and _is_ours(record) else ()
        also = tuple(dict.fromkeys((*ours[1:], *task.also)))
        wanted = replace(wanted, replaced=storage.stamp(wanted.target), also=also)
        if not task.force:
            _check_free(wanted, ours, record)
        storage.make_folder(storage.folder_of(task.record))
        wanted.write(task.record)
        here = replace(task, settings=settings, force=task.force or bool(ours))
        try:
            return _settled(task, _made(here, wanted, path, report))
        except TargetExists:
            other = FilmRecord.read(task.record)  # a twin of this job, on a machine that was thought dead, was first
            if other and (other.sha256, other.settings) == (sha256, key) and _is_there(other, task):
                return _settled(task, other, before=True)
            raise


def _check_free(wanted: FilmRecord, ours: Collection[str], record: FilmRecord | None) -> None:
    """Raises TargetExists where somebody else's file is in the way."""
    for place in (wanted.target, *wanted.also):
        if place not in ours and storage.stamp(place):
            what = "other bytes or settings" if record and place in (record.target, *record.also) else "something else"
            raise TargetExists(
                f"cannot write {place}: it is there, made from {what}; use --force to replace it, or another folder"
            )


def _made(task: FilmTask, begun: FilmRecord, path: Path, report: Report) -> FilmRecord:
    """The film, then its plan and page; what is said of it."""
    started, settings = time.monotonic(), task.settings
    styling = settings.styling()
    tracks = find_tracks(probe(path), tracks=settings.tracks, stems=settings.stem) if settings.has_tracks else None
    mixer = _mixer(settings, task.threads, tracks, styling)
    if settings.plan:
        mixer.check_editable()
    card = mixer.card
    watching = encoder_for(
        card.name,
        mixer.context,
        settings.request(),
        width=card.context_width,
        source=card.context_source,
        sampled=mixer.sampled,
    )
    with storage.to_be_written(begun.target, overwrite=task.force) as dest:
        result = api.highlight_with(
            path,
            dest,
            mixer=mixer,
            encoder=watching.encoder,
            picture_height=watching.picture_height,
            controls=api.with_style(settings.controls(), styling),
            audio_stream=settings.audio_stream,
            tracks=tracks,
            new_track=settings.new_track(),
            overwrite=task.force,
            progress=_share_of(report),
        )
        result_sha256 = digest(dest)
        _write_beside(task, result)
    loudness = result.plan.loudness.before_lufs
    return replace(
        begun,
        result_sha256=result_sha256,
        film_seconds=round(result.source.duration_seconds, 3),
        seconds=round(time.monotonic() - started, 3),
        loudness_before_lufs=_finite(loudness),
        loudness_after_lufs=_finite(result.loudness_after_lufs),
        changed=not result.plan.changes_nothing,
        notes=(*(tracks.reasons if tracks else ()), *result.notes),
    )


def _share_of(report: Report) -> Progress:
    """Stages as a share of the whole film."""
    shares: dict[str, float] = {}

    def progress(stage: str, done: float, total: float) -> None:
        shares[stage] = min(1.0, done / total) if total else 1.0
        report(sum(shares.values()) / len(api.STAGES))

    return progress


def _write_beside(task: FilmTask, result: api.Highlighted) -> None:
    """The plan and the page."""
    if task.settings.plan:
        storage.write_text(task.target + PLAN, plan_text(result.plan))
    if task.settings.report:
        with storage.to_be_written(task.target + PAGE, overwrite=True) as page:
            write_report(result, page, overwrite=True)


def _settled(task: FilmTask, record: FilmRecord, *, before: bool = False) -> FilmDone:
    """The record that says that a film is done."""
    from limelight import __version__

    sha256 = record.result_sha256  # not known where its maker died before it could say
    if not sha256 and not storage.is_url(record.target):
        sha256 = digest(Path(record.target))
    done = replace(
        record,
        state="done",
        result=storage.stamp(record.target),
        result_sha256=sha256,
        node=platform.node(),
        version=__version__,
    )
    done.write(task.record)
    return FilmDone(done, before=before)


def _is_done(record: FilmRecord, task: FilmTask, found: Stamp) -> bool:
    known = (record.state, record.settings, record.source_stamp) == ("done", task.settings.key, found)
    return known and _is_there(record, task)


def _is_there(record: FilmRecord, task: FilmTask) -> bool:
    """Whether the result of a record is there, and all that is wished beside it."""
    return _is_ours(record) and all(place in record.also and storage.stamp(place) for place in task.also)


def _is_ours(record: FilmRecord) -> bool:
    """Whether what is there is the record's: as it was left, or, where its maker died, any that is new."""
    there = storage.stamp(record.target)
    return there is not None and (there == record.result if record.state == "done" else there != record.replaced)


def _suffix(path: Path) -> str:
    return default_suffix(probe(path))


def _digest_of_all(paths: list[Path]) -> str:
    """SHA-256 of a film; with files of its own, of all their digests."""
    digests = [digest(path) for path in paths]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _mixer(settings: FilmSettings, threads: int, tracks: Tracks | None, style: Style | None) -> Mixer:
    """Made anew for every film, of models that are loaded once per process."""
    if settings.model:
        return api.mixer_of(None, None, _remixer(settings.model, threads, settings.device))
    director = load_director(settings.director) if settings.director else None
    hears = tracks or _separator(settings.separator or DEFAULT_SEPARATOR, threads, settings.offline)
    return api.mixer_of(hears, director, None, style=style)


@lru_cache(maxsize=2)
def _separator(name: str, threads: int, offline: bool) -> AnySeparator:
    return load_separator(name, threads=threads, offline=offline)


@lru_cache(maxsize=2)
def _remixer(name: str, threads: int, device: str | None) -> Remixer:
    return load_remixer(name, threads=threads, device=device)


def _finite(value: float | None) -> float | None:
    return round(value, 2) if value is not None and abs(value) < 1000 else None
