"""A film that comes over the page: a place for it under a harmless name, then its bytes, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

from limelight.errors import InputError, TooLarge
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.report.words import plain

LARGEST_DROP_BYTES = 50_000_000_000
# By which films and sound files are known in a folder.
_KNOWN = "mp4 m4v mov mkv webm ts m2ts mts flv avi mpg mpeg vob wmv asf ogv 3gp wav flac mp3 m4a mka aac ogg oga opus"
SUFFIXES = frozenset(f".{suffix}" for suffix in _KNOWN.split())


def place_for(name: str, folder: Path) -> Path:
    """A free place in a folder. Its name is only a name. Raises InputError for one that is no film's."""
    clean = plain(name.replace("\\", "/").rpartition("/")[2], limit=5000).strip(". ")
    clean = "".join("_" if sign in '/\\:*?"<>|\ufffd' else sign for sign in clean)
    stem, suffix = os.path.splitext(clean)
    if suffix.lower() not in SUFFIXES or not stem:
        raise InputError(f"cannot take {plain(name)!r}: its name does not end as a film's does; use one of {_KNOWN}")
    stem, number = stem.encode()[:150].decode(errors="ignore"), 1
    place = folder / f"{stem}{suffix}"
    while place.exists():
        number += 1
        place = folder / f"{stem} {number}{suffix}"
    return place


class Incoming:
    """A film that comes over the page, piece by piece: it appears when it is whole."""

    def __init__(self, place: Path, *, largest_bytes: int = LARGEST_DROP_BYTES) -> None:
        self.place, self._largest, self._bytes = place, largest_bytes, 0
        self._context = whole_or_absent(place, overwrite=False)
        self._file: BinaryIO | None = None

    def __enter__(self) -> Incoming:
        self._file = self._context.__enter__().open("wb")
        return self

    def add(self, data: bytes) -> None:
        """Raises TooLarge, OutputError."""
        self._bytes += len(data)
        if self._bytes > self._largest:
            raise TooLarge(
                f"cannot take {self.place.name}: it is larger than {self._largest / 1e9:g} GB; open it by its path"
            )
        assert self._file is not None
        with naming_write_errors(self.place):
            self._file.write(data)

    def __exit__(self, *error: Any) -> None:
        if self._file:
            self._file.close()
        self._context.__exit__(*error)
