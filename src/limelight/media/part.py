"""Temporary files of our own, beside the target: held while somebody works on them, swept away when nobody does.

A process that is killed cleans up nothing. But the system ends its locks with it, so a temporary without a lock is one
that nobody will ever finish: the next run in the same folder removes it. Where there are no locks (Windows, some network
disks) a temporary is left alone until it is a day old.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
