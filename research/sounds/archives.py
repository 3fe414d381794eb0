"""Files inside Debian packages, and inside the archives that those packages hold.

A package is read as a stream: nothing is unpacked but what is asked for. A path inside an inner archive is written
`outer::inner`. Inner archives are zip (`.zip`, `.pk3`) and OpenClonk's group format (`.ocg`): gzip with its two magic
bytes changed, then a scrambled header of 204 bytes, a table of 316 bytes an entry, and the files; groups nest.
"""

from __future__ import annotations

import gzip
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

CLONK_MAGIC, GZIP_MAGIC = b"\x1e\x8c", b"\x1f\x8b"
HEADER_BYTES, ENTRY_BYTES, NAME_BYTES = 204, 316, 260
COUNT_AT = 36  # of the entries, in the header
SCRAMBLE = 237
CHUNK_BYTES = 1 << 20

Wanted = Callable[[str], bool]


def read_package(package: Path, archives: Collection[str], wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every wanted file of a `.deb`, also of those inside `archives` (paths in the package)."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
            for member in tar:
                path = member.name.removeprefix("./")
                content = tar.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                if path in archives:
                    yield from _read_archive(path, content, wanted)
                elif wanted(path):
                    yield path, content.read()
        if process.wait() != 0:
            raise OSError(f"dpkg-deb could not read {package}; remove it and fetch it again.")


def _read_archive(path: str, content: IO[bytes], wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    if path.endswith(".ocg"):
        files = read_clonk_group(content.read())
        yield from ((f"{path}::{name}", data) for name, data in files if wanted(f"{path}::{name}"))
        return
    with TemporaryFile() as seekable:
        while chunk := content.read(CHUNK_BYTES):
            seekable.write(chunk)
        with zipfile.ZipFile(seekable) as archive:
            for name in archive.namelist():
                if wanted(f"{path}::{name}"):
                    yield f"{path}::{name}", archive.read(name)


def read_clonk_group(packed: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every file in an OpenClonk group. Raises ValueError where it is none."""
    if packed[:2] not in (CLONK_MAGIC, GZIP_MAGIC):
        raise ValueError(f"An OpenClonk group begins with {CLONK_MAGIC.hex()}, this file with {packed[:2].hex()}.")
    return _walk_group(gzip.decompress(GZIP_MAGIC + packed[2:]), "")


def _walk_group(data: bytes, prefix: str) -> Iterator[tuple[str, bytes]]:
    (count,) = struct.unpack_from("<i", unscramble(data[:HEADER_BYTES]), COUNT_AT)
    files_at = HEADER_BYTES + count * ENTRY_BYTES
    for at in range(HEADER_BYTES, files_at, ENTRY_BYTES):
        name = data[at : at + NAME_BYTES].split(b"\0")[0].decode("latin-1")
        _, is_group, size, _, offset = struct.unpack_from("<5i", data, at + NAME_BYTES)
        content = data[files_at + offset : files_at + offset + size]
        if is_group:
            yield from _walk_group(content, f"{prefix}{name}/")
        else:
            yield prefix + name, content


def unscramble(header: bytes) -> bytes:
    """A group's header in the clear: each byte flipped, then the first and third byte of every three exchanged."""
    clear = bytearray(byte ^ SCRAMBLE for byte in header)
    for at in range(0, len(clear) - 2, 3):
        clear[at], clear[at + 2] = clear[at + 2], clear[at]
    return bytes(clear)
