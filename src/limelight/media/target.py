"""The target of a long piece of work: checked before, whole or absent after.

Nothing is ever written in place. The result grows in a temporary file beside the target, is checked, and takes the
target's name in one step; a failure at any point leaves the old file as it was and no temporary behind. Only a process
that is killed cleans up nothing. But the system ends its locks with it, so a temporary without a lock is one that nobody
will ever finish: the next run in the same folder removes it (`sweep`). Where there are no locks (Windows, some network
disks) a temporary is left alone until it is a day old.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import av.error

from limelight.errors import OutputError, TargetExists
from limelight.media.formats import container_of

if sys.platform != "win32":
    import fcntl

SUFFIX = ".limelight.part"
STALE_SECONDS = 24 * 3600


def prefix(dest: Path) -> str:
    """How the name of a temporary for `dest` begins: hidden, and short enough for any folder."""
    return f".{dest.stem[:40]}."


@contextmanager
def part_beside(dest: Path) -> Iterator[Path]:
    """A new, empty temporary, held as long as the block lasts. A block that fails leaves none behind."""
    while True:
        handle, name = _new_part(dest)
        try:
            if not _hold(handle):  # another run swept it away before it was held
                continue
            if sys.platform == "win32":  # what is open cannot be renamed there
                os.close(handle)
            yield Path(name)
            return
        except BaseException:  # Ctrl-C as well, from the first moment on
            Path(name).unlink(missing_ok=True)
            raise
        finally:
            if sys.platform != "win32":
                os.close(handle)


def sweep(folder: Path) -> None:
    """Remove the temporaries that nobody works on."""
    for part in folder.glob(f".*{SUFFIX}"):
        with suppress(OSError), part.open("rb") as file:
            old = time.time() - part.stat().st_mtime > STALE_SECONDS
            if _is_free(file.fileno(), otherwise=old):
                part.unlink()  # still held by us: nobody can have begun to work on it


def _new_part(dest: Path) -> tuple[int, str]:
    return tempfile.mkstemp(prefix=prefix(dest), suffix=SUFFIX, dir=dest.parent)


def _hold(handle: int) -> bool:
    return _is_free(handle, otherwise=True) and os.fstat(handle).st_nlink > 0


def _is_free(handle: int, *, otherwise: bool) -> bool:
    """Whether nobody held this file; now we do. `otherwise`: what to say where there are no locks."""
    if sys.platform == "win32":
        return otherwise
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return otherwise
    return True


_ROOM = 1.1  # times the size of the source

_ADVICE = {
    errno.ENOSPC: "the disk is full; make room or choose another folder",
    errno.EDQUOT: "the disk quota is used up; make room or choose another folder",
    errno.EFBIG: "the file grew beyond what the system allows; choose another disk",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "permission denied; choose another folder",
    errno.EPERM: "permission denied; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def prepare_target(source: Path | None, dest: Path, *, overwrite: bool = False) -> Path:
    """Everything that can be known before the work starts; returns the target's absolute path.

    Raises `TargetExists` where the file is there and may not be replaced, `OutputError` for anything else: an unknown
    suffix, a missing or read-only folder, the source itself, too little room.
    """
    dest = Path(os.path.abspath(dest))
    with naming_write_errors(dest):
        if not dest.is_dir():  # of a folder, that is said, not that it has no suffix
            container_of(dest)
        check_place(source, dest, overwrite=overwrite)
        if source is not None and shutil.disk_usage(dest.parent).free < _ROOM * source.stat().st_size:
            raise OutputError(f"cannot write {dest}: {_ADVICE[errno.ENOSPC]}")
        sweep(dest.parent)
        with part_beside(dest) as part:  # the folder takes files, and the name is not too long
            part.unlink()
    return dest


def check_place(source: Path | None, dest: Path, *, overwrite: bool = False) -> None:
    """Whether a file may be put there: its folder is there, it is no folder and not the source. Raises as above."""
    if "\0" in str(dest):
        raise OutputError("cannot write to a name that holds a NUL character; choose another")
    with naming_write_errors(dest):
        if not dest.parent.is_dir():
            raise OutputError(f"cannot write {dest}: there is no folder {dest.parent}; make it first")
        if dest.is_dir():
            raise OutputError(f"cannot write {dest}: it is a folder; give the name of a file")
        if not dest.exists():
            return
        if not dest.is_file():  # /dev/stdout, /dev/null: a file would take its place
            raise OutputError(f"cannot write {dest}: it is a pipe, socket or device; give the name of a file")
        if source is not None and dest.samefile(source):
            raise OutputError(f"cannot write {dest}: it is the source itself; choose another name")
    if not overwrite:
        raise TargetExists(f"cannot write {dest}: it exists already; use --force to replace it, or another name")


@contextmanager
def naming_write_errors(dest: Path) -> Iterator[None]:
    """Turn what the system or FFmpeg says while writing into one line of ours."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, av.error.FFmpegError) as error:
        said = _ADVICE.get(error.errno or 0, f"{error.strerror or error}; choose another place or container")
        raise OutputError(f"cannot write {dest}: {said}") from error


@contextmanager
def whole_or_absent(dest: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """A temporary file beside `dest` that takes its name when the block ends well, and vanishes when it does not.

    What the system says while it is written is told as `OutputError`. Without `overwrite` a file that has come to be there
    meanwhile, as when two runs are given one name, stays, and `TargetExists` is raised.
    """
    with ExitStack() as held:
        with naming_write_errors(dest):
            mode = dest.stat().st_mode & 0o777 if dest.exists() else 0o666 & ~_umask()
            temporary = held.enter_context(part_beside(dest))
        try:
            with naming_write_errors(dest):
                yield temporary
                _sync(temporary)
                temporary.chmod(mode)
                if overwrite:
                    temporary.replace(dest)
                else:
                    _take_free_name(temporary, dest)
                _sync(dest.parent)
        except BaseException:
            with suppress(OSError):  # with its folder gone, it is too
                temporary.unlink()
            raise


def _take_free_name(temporary: Path, dest: Path) -> None:
    """In one step, so that of two runs one is told. Where there are no hard links, looking first must do."""
    taken = TargetExists(
        f"cannot write {dest}: it has come to exist meanwhile; use --force to replace it, or another name"
    )
    try:
        dest.hardlink_to(temporary)
    except FileExistsError as error:
        raise taken from error
    except OSError:
        if dest.exists():
            raise taken from None
        temporary.replace(dest)
    else:
        temporary.unlink()


@contextmanager
def scratch_beside(dest: Path) -> Iterator[BinaryIO]:
    """An empty file on the disk of `dest`, to write and read again. It has no name (on Windows: one that goes when the
    file is closed), so that nothing is left of it whatever happens."""
    with naming_write_errors(dest):
        file = tempfile.TemporaryFile(prefix=prefix(dest), suffix=SUFFIX, dir=dest.parent)  # noqa: SIM115
    try:
        yield cast(BinaryIO, file)
    finally:
        with suppress(OSError):  # a full disk was told already; what is still to be written is not needed any more
            file.close()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync(path: Path) -> None:
    """Bring a file or folder to the disk. Folders cannot be opened on Windows, and need not be."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def has_room(dest: Path, needed_bytes: int) -> bool:
    """Whether the disk of `dest` holds so much more."""
    return shutil.disk_usage(dest.parent).free > needed_bytes


class ByteSpool:
    """Bytes in a scratch file; what they wait for is `dest`."""

    def __init__(self, scratch: BinaryIO, dest: Path) -> None:
        self._file, self._dest = scratch, dest
        self.size = 0

    def add(self, data: bytes) -> None:
        """Put them behind what is there. Raises OutputError where the disk is full."""
        with naming_write_errors(self._dest):
            self._file.seek(self.size)
            self._file.write(data)
        self.size += len(data)

    def read(self, first: int, count: int) -> bytes:
        """So many from a place on; fewer where there are no more."""
        with naming_write_errors(self._dest):
            self._file.seek(first)
            return self._file.read(count)
