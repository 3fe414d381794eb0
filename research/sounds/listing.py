"""The lists: which packages, which of their files, under which licence, and who belongs together.

A path inside an archive is `outer::inner`. `*` stands for anything but a slash. `group` may name {kind}, {package},
{folder} (the file's), {name} (the file's, without its ending) and {sound} (the name without the number at its end).
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
SHARES = {"train": 0.85, "validation": 0.05, "test": 0.10}
SLUG_LENGTH = 100


@dataclass(frozen=True)
class Package:
    """One Debian package, pinned."""

    name: str
    version: str
    sha256: str
    megabytes: str

    def facts(self) -> dict[str, str]:
        return {"package": self.name, "version": self.version}


@dataclass(frozen=True)
class Entry:
    """Files of one package that share kind, licence and author: a row of `debian.csv`."""

    package: str
    kind: str
    folder: str
    files: str  # patterns under the folder, separated by |
    leave_out: str
    group: str
    licence: str
    attribution: str
    join: str  # "": each by itself; "sum": those of a group together; "string": one after the other
    tags: str

    def patterns(self) -> list[str]:
        """The wanted paths, with * for anything but a slash."""
        return [self.folder + pattern for pattern in self.files.split("|")]

    def holds(self, path: str) -> bool:
        """Whether a path of the package belongs here."""
        if not path.startswith(self.folder):
            return False
        wanted, unwanted = self._expressions
        return bool(wanted.fullmatch(path)) and not unwanted.fullmatch(path)

    @cached_property
    def _expressions(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        unwanted = [self.folder + pattern for pattern in self.leave_out.split("|") if pattern]
        return _one_of(self.patterns()), _one_of(unwanted)

    def archive_of(self, pattern: str) -> str:
        """The archive that a pattern looks into; empty where it looks into none."""
        return pattern.partition("::")[0] if "::" in pattern else ""

    def group_of(self, path: str) -> str:
        """Speaker, track or sound: what must never be in two splits."""
        inner = PurePosixPath(path.rpartition("::")[2])
        name = re.sub(r"[^\w]+", "_", inner.stem.lower())
        sound = re.sub(r"[_\d]+[a-z]?$", "", name) or name
        parts = {"kind": self.kind, "package": self.package, "name": name, "sound": sound}
        return self.group.format(folder=re.sub(r"[^\w]+", "_", inner.parent.name.lower()), **parts)

    def slug_of(self, path: str) -> str:
        """A file name of plain letters; paths that would share one are told apart by their hash."""
        short = path.removeprefix(self.folder)
        stem = str(PurePosixPath(short.replace("::", "/")).with_suffix("")) if short != path else short
        plain = re.sub(r"[^A-Za-z0-9.-]+", "_", stem)
        if plain == stem and len(plain) <= SLUG_LENGTH:
            return plain
        return f"{plain[-SLUG_LENGTH:]}-{hashlib.sha256(path.encode()).hexdigest()[:6]}"

    def facts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ("kind", "licence", "attribution", "tags")}


def _one_of(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(pattern).replace(r"\*", "[^/]*") for pattern in patterns) or r"(?!)")


def read_packages() -> list[Package]:
    """In the order of fetching."""
    with (HERE / "packages.csv").open(encoding="utf-8", newline="") as lines:
        return [
            Package(row["package"], row["version"], row["sha256"], row["megabytes"]) for row in csv.DictReader(lines)
        ]


def read_entries() -> list[Entry]:
    with (HERE / "debian.csv").open(encoding="utf-8", newline="") as lines:
        return [Entry(**row) for row in csv.DictReader(lines)]


def split_of(group: str) -> str:
    """By the hash of the group: a group that is added later moves no other."""
    at = int(hashlib.sha256(group.encode()).hexdigest()[:12], 16) / 16**12
    for split, share in SHARES.items():
        if at < share:
            return split
        at -= share
    return "test"
