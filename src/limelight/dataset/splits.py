"""Which split a film belongs to: by its name's hash, or as a table says. Never by clip.

A hash needs no memory: a film that is added later moves no other. With few films the shares are only roughly kept.
The table is CSV with the column `file` and any of `split`, `group`, `licence`, `end_seconds` (a library's manifest will do);
films of one group (a series, a director's cut) always share a split.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from limelight.dataset.manifest import SPLITS
from limelight.errors import InputError, Leakage, UsageError

SHARES = (0.8, 0.1, 0.1)


@dataclass(frozen=True)
class SplitEntry:
    """Where a film belongs and under which terms."""

    split: str
    group: str
    licence: str
    end_seconds: float = 0.0  # of the film that counts; 0 is all of it


@dataclass(frozen=True)
class SplitAssignment:
    """Who says which split a film goes to."""

    shares: tuple[float, float, float] = SHARES  # of train, validation, test
    licence: str = "not stated"
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # a file's name → its line of the table

    def __post_init__(self) -> None:
        if not (min(self.shares) >= 0 and abs(sum(self.shares) - 1) <= 1e-6):  # NaN is no share either
            raise UsageError(f"the shares of train, validation and test must sum to 1, got {self.shares}")

    @classmethod
    def read(
        cls, table: Path | None, *, shares: tuple[float, float, float] = SHARES, licence: str = ""
    ) -> SplitAssignment:
        """With a table, where there is one. Raises InputError."""
        return cls(shares, licence or cls.licence, read_table(table) if table else {})

    def place(self, path: Path, sha256: str) -> SplitEntry:
        """A film's place; films whose bytes are the same stay together, whatever they are called."""
        row = self.rows.get(path.name, {})
        group = row.get("group") or sha256[:16]
        split, licence = row.get("split") or self.sample(group), row.get("licence") or self.licence
        return SplitEntry(split, group, licence, float(row.get("end_seconds") or 0))

    def sample(self, group: str) -> str:
        """The split of a group: its hash as a number in 0…1, laid on the shares."""
        at = int(hashlib.sha256(group.encode()).hexdigest()[:12], 16) / 16**12
        if at < self.shares[0]:
            return SPLITS[0]
        return SPLITS[1] if at < self.shares[0] + self.shares[1] else SPLITS[2]


def check_split_entries(places: Iterable[SplitEntry]) -> None:
    """Refuses a group in two splits before any work is done on it. Raises Leakage."""
    split_of: dict[str, str] = {}
    for place in places:
        if split_of.setdefault(place.group, place.split) != place.split:
            raise Leakage(
                f"The films of group {place.group!r} are in two splits, {split_of[place.group]} and {place.split}; "
                "give them one."
            )


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """Lines by the name of their file, without its folders. Raises InputError."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(lines)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"Wanted the table {path}, which cannot be read ({error}); give a CSV file.") from error
    if rows and "file" not in rows[0]:
        raise InputError(
            f"The table {path} has no column file; it needs file, and any of split, group, licence, end_seconds."
        )
    for row in rows:
        if row.get("split") and row["split"] not in SPLITS:
            raise InputError(f"{path} puts {row['file']} into {row['split']!r}; there are {', '.join(SPLITS)}.")
        if row.get("end_seconds") and not _is_length(row["end_seconds"]):
            raise InputError(f"{path} ends {row['file']} after {row['end_seconds']!r} seconds; give a number over 0.")
    return {Path(row["file"]).name: row for row in rows}


def _is_length(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False
