"""The files of a batch: on a disk, or wherever fsspec reaches (s3://, gs://, abfs://, sftp://, memory://).

A place is a path or a URL, as text. Paths need nothing more than Python; for URLs fsspec and the package of their
kind must be installed where they are used, on every node of a cluster. Credentials are those of each machine's own
environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …): a job never carries them.

A result is whole or absent, everywhere: on a disk it grows under another name and is renamed (`media.target`); an object
store shows an object when its upload has ended; anything else is uploaded under another name and then moved.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from limelight.errors import InputError, LimelightError, OutputError, TargetExists
from limelight.media.target import naming_write_errors, sweep, whole_or_absent

log = logging.getLogger(__name__)
WHOLE_WHEN_SHOWN = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"})
PART = ".limelight.part"


@dataclass(frozen=True)
class Stamp:
    """What a file looks like from outside: another stamp, perhaps another file."""

    size_bytes: int
    changed: str  # when, or the storage's own mark of the content


UNSEEN = Stamp(0, "")  # of what is named in a folder and cannot be looked at


def is_url(place: str) -> bool:
    return "://" in place


def join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else os.path.join(folder, name)


def name_of(place: str) -> str:
    return place.rstrip("/").rpartition("/")[2] if is_url(place) else os.path.basename(place)


def folder_of(place: str) -> str:
    return place.rpartition("/")[0] if is_url(place) else os.path.dirname(os.path.abspath(place))


def stamp(place: str) -> Stamp | None:
    """None where there is no such file. Raises InputError where the storage cannot be asked."""
    if not is_url(place):
        try:
            status = os.stat(place)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(f"cannot look at {place}: {error}; check the path and its rights") from error
        return Stamp(status.st_size, str(status.st_mtime_ns))
    with _saying(f"look at {place}", InputError):
        filesystem, path = _filesystem(place)
        filesystem.invalidate_cache()
        try:
            return _stamp(filesystem.info(path))
        except FileNotFoundError:
            return None


def files_in(folder: str) -> Iterator[tuple[str, Stamp]]:
    """Names below a folder, with "/" between, and stamps; sorted, folder by folder, the hidden ones left out.

    One folder's names are held at a time. Links to folders are not followed. A folder within that cannot be read is told,
    once, and left out. Raises InputError.
    """
    if is_url(folder):
        with _saying(f"look into {folder}", InputError):
            filesystem, root = _filesystem(folder)
            filesystem.invalidate_cache()
            for path, _folders, files in filesystem.walk(root, detail=True):
                inside = path.removeprefix(root).strip("/")
                for name in sorted(files):
                    if not _hidden(inside) and not name.startswith("."):
                        yield (f"{inside}/{name}" if inside else name), _stamp(files[name])
        return
    for path, folders, files in os.walk(folder, onerror=_tell_of_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(path, folder)
        for name in sorted(files):
            if not name.startswith("."):
                found = _stamp_or_none(os.path.join(path, name))
                yield (name if inside == "." else f"{Path(inside).as_posix()}/{name}"), found or UNSEEN


def _stamp_or_none(path: str) -> Stamp | None:
    """A link to nowhere, or to itself, is a film that fails alone."""
    try:
        return stamp(path)
    except InputError:
        return None


@cache
def _tell_once(place: str, why: str) -> None:
    log.warning("cannot look into %s: %s; what lies in it is left out", place, why)


def _tell_of_folder(error: OSError) -> None:
    _tell_once(str(error.filename), str(error.strerror or error))


def is_folder(place: str) -> bool:
    """Raises InputError."""
    if not is_url(place):
        return os.path.isdir(place)
    with _saying(f"look at {place}", InputError):
        filesystem, path = _filesystem(place)
        return bool(filesystem.isdir(path))


def matching(pattern: str) -> list[str]:
    """The places that a URL with * or ? stands for. Raises InputError."""
    with _saying(f"look for {pattern}", InputError):
        filesystem, path = _filesystem(pattern)
        return sorted(filesystem.unstrip_protocol(found) for found in filesystem.glob(path))


@contextmanager
def local_copy(place: str) -> Iterator[Path]:
    """A file as this machine's programs want it: itself, or a copy that is gone afterwards. Raises InputError."""
    if not is_url(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="limelight-batch-") as folder:
        copy = Path(folder) / name_of(place)
        with _saying(f"fetch {place}", InputError):
            filesystem, path = _filesystem(place)
            filesystem.get_file(path, str(copy))
        yield copy


@contextmanager
def to_be_written(place: str, *, overwrite: bool) -> Iterator[Path]:
    """Where to write a file that has to be at `place` when the block ends well.

    For a path it is the path: its writer sees to it that it is whole or absent. Raises TargetExists, OutputError.
    """
    if not is_url(place):
        yield Path(place)
        return
    with tempfile.TemporaryDirectory(prefix="limelight-batch-") as folder:
        grown = Path(folder) / name_of(place)
        yield grown
        with _saying(f"write {place}", OutputError):
            _upload(grown, place, overwrite=overwrite)


def make_folder(place: str) -> None:
    """Makes a folder, or rids it of what somebody who was killed had begun to write. Raises OutputError."""
    if not is_url(place):
        with naming_write_errors(Path(place)):
            Path(place).mkdir(parents=True, exist_ok=True)
            sweep(Path(place))


def read_text(place: str) -> str | None:
    """None where there is no such file. Raises InputError."""
    with _saying(f"read {place}", InputError):
        try:
            if not is_url(place):
                return Path(place).read_text(encoding="utf-8")
            filesystem, path = _filesystem(place)
            return bytes(filesystem.cat_file(path)).decode()
        except FileNotFoundError:
            return None


def write_text(place: str, text: str) -> None:
    """Whole or absent. Raises OutputError."""
    if is_url(place):
        with _saying(f"write {place}", OutputError):
            filesystem, path = _filesystem(place)
            filesystem.pipe_file(path, text.encode())
        return
    with naming_write_errors(Path(place)):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
    with whole_or_absent(Path(place)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def json_text(data: Any, *, indent: int | None = None) -> str:
    """JSON as UTF-8 can hold it: names are readable, but for those that are no text, which are escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data, indent=indent)
    return text


def _upload(grown: Path, place: str, *, overwrite: bool) -> None:
    filesystem, path = _filesystem(place)
    filesystem.invalidate_cache()
    if not overwrite and filesystem.exists(path):
        raise TargetExists(f"cannot write {place}: it has come to exist meanwhile; use --force to replace it")
    protocol = place.partition("://")[0]
    if protocol in WHOLE_WHEN_SHOWN:
        filesystem.put_file(str(grown), path)
        return
    filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
    filesystem.put_file(str(grown), path + PART)
    filesystem.mv(path + PART, path)


def _filesystem(place: str) -> tuple[Any, str]:
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(place)
    return filesystem, str(path)


def _stamp(info: dict[str, Any]) -> Stamp:
    marks = (info.get(name) for name in ("ETag", "etag", "LastModified", "created", "mtime"))
    mark = next((mark for mark in marks if mark), "")
    return Stamp(int(info.get("size") or 0), str(mark.timestamp() if isinstance(mark, datetime) else mark))


def _hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


@contextmanager
def _saying(wish: str, kind: type[LimelightError]) -> Iterator[None]:
    """Every kind of storage raises types of its own, without a common base."""
    try:
        yield
    except (LimelightError, GeneratorExit):
        raise
    except ImportError as error:
        raise kind(f"cannot {wish}: {error}; install that package, on every node of a cluster") from error
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        raise kind(
            f"cannot {wish}: {type(error).__name__}: {said}; check the address, the credentials and the network"
        ) from error
