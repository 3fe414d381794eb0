"""A film is read four times over: it must be the same film every time.

Somebody may save over it, a download or a recording may still be going on. Then its picture and its new sound would be of
two different films, and nobody would notice; so it is looked at before and after every pass.
"""

from __future__ import annotations

from limelight.errors import InputError
from limelight.media.container import check_readable
from limelight.signals import SourceInfo


def check_unchanged(info: SourceInfo) -> None:
    """Raises `InputError` where the file is not as it was when it was probed: another length or time of writing."""
    check_readable(info.path)
    status = info.path.stat()
    written_ns = status.st_mtime_ns if info.written_ns is None else info.written_ns
    if (status.st_size, status.st_mtime_ns) != (info.size_bytes, written_ns):
        raise InputError(f"cannot use {info.path}: it was changed while it was read; run again when it is finished")
