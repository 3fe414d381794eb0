"""Splits that share nothing: by film or group, checked by the sound itself.

Which split a film belongs to: by its name's hash, or as a table says. Never by clip.

A hash needs no memory: a film that is added later moves no other. With few films the shares are only roughly kept.
The table is CSV with the column `file` and any of `split`, `group`, `licence`, `end_seconds` (a library's manifest will do);
films of one group (a series, a director's cut) always share a split.

Whether two splits hold the same sound, whatever it is called and however it was encoded: landmarks (Wang, ISMIR 2003).

    sound ─► spectrogram, 23 frames a second ─► its peaks ─► pairs of near peaks ─► rows (f₁, f₂ − f₁, t₂ − t₁) and t₁

Two encodings of a film share few of their bits and most of their peaks. Two clips hold the same sound where many of their
pairs are alike *and* lie equally far apart in time; so it does not matter where clips begin. What many films share (a
studio's fanfare, a song) is no leak: films are one where a fair part of the clips of the shorter one is found in the other.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import resample
from limelight.dataset.clips import read_clip_sound
from limelight.dataset.manifest import SPLITS, Entry
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError, Leakage, UsageError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.types import Samples

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


Print = NDArray[np.uint32]  # [n, 2]: a pair of peaks in 22 bits, and its frame

RATE, WINDOW, HOP = 12_000, 1024, 512
REACH_BINS, REACH_FRAMES = 12, 7  # a peak is the largest this far around
PEAKS_PER_SECOND, PARTNERS = 14, 4
SPAN_BINS, SPAN_FRAMES = 64, 64  # of a pair
QUIETEST_DB = -60.0  # under the loudest point
COMMON = 40  # pairs that are alike in more places say nothing
FOLDER = "fingerprints"
FEWEST, SHARE = 8, 0.04  # pairs of the smaller print that must agree
SAME_FILM = 0.25  # of the clips of the shorter film


@dataclass(frozen=True)
class SoundMatch:
    """Two clips, by their numbers, that hold the same sound."""

    first: int
    second: int
    pairs: int  # that agree


def fingerprint(samples: Samples) -> Print:
    """The landmarks of a sound [C, N] at 48 kHz; none for silence."""
    mono = resample(np.asarray(samples.mean(axis=0, keepdims=True), np.float32), SAMPLE_RATE, RATE)[0]
    frames, bins = _peaks(mono)
    rows = []
    for n in range(len(frames)):
        ahead, up = frames[n + 1 :] - frames[n], bins[n + 1 :] - bins[n]
        near = np.flatnonzero((ahead > 0) & (ahead < SPAN_FRAMES) & (np.abs(up) < SPAN_BINS))[:PARTNERS]
        rows += [((int(bins[n]) << 13) | ((int(up[k]) + SPAN_BINS) << 6) | int(ahead[k]), int(frames[n])) for k in near]
    return np.array(rows, np.uint32).reshape(-1, 2)


def write_prints(folder: Path, film: str, prints: Sequence[Print]) -> None:
    """Keeps the landmarks of a film's clips, so that its sound need not be read again. Raises OutputError."""
    numbers = np.repeat(np.arange(len(prints), dtype=np.uint32), [len(one) for one in prints])
    rows = np.column_stack([numbers, np.concatenate(prints)]) if prints else np.zeros((0, 3), np.uint32)
    path = folder / FOLDER / f"{film}.npy"
    with naming_write_errors(path):
        path.parent.mkdir(exist_ok=True)
    with whole_or_absent(path) as temporary, naming_write_errors(path), temporary.open("wb") as file:
        np.save(file, rows)


def read_prints(folder: Path, film: str, entries: Sequence[Entry]) -> list[Print]:
    """The landmarks of a film's clips, in order; of the sound itself where none were kept. Raises NotMedia."""
    path = folder / FOLDER / f"{film}.npy"
    try:
        rows = np.load(path, allow_pickle=False)
        return [rows[rows[:, 0] == number, 1:] for number in range(len(entries))]
    except (OSError, ValueError, IndexError, EOFError):
        return [fingerprint(read_clip_sound(folder, entry.name, "target")) for entry in entries]


def matches(prints: Sequence[Print], sides: Sequence[str]) -> list[SoundMatch]:
    """Clips of different sides (splits) that hold the same sound; `sides` has one for each print."""
    if len(set(sides)) < 2:
        return []
    clips = np.repeat(np.arange(len(prints)), [len(one) for one in prints])
    pairs, frames = np.concatenate(prints).astype(np.int64).T if len(prints) else np.zeros((2, 0), np.int64)
    side = np.unique(np.asarray(sides), return_inverse=True)[1][clips]
    order = np.lexsort((frames, pairs))
    clips, pairs, frames, side = clips[order], pairs[order], frames[order], side[order]
    votes = _votes(clips, pairs, frames, side)
    best: dict[tuple[int, int], int] = defaultdict(int)
    for (first, second, _), count in zip(*np.unique(votes, axis=0, return_counts=True), strict=True):
        best[first, second] = max(best[first, second], int(count))
    return [
        SoundMatch(first, second, count)
        for (first, second), count in sorted(best.items())
        if count >= max(FEWEST, SHARE * min(len(prints[first]), len(prints[second])))
    ]


def check_content(entries: Sequence[Entry], prints: Sequence[Print]) -> None:
    """Refuses two films that hold the same sound and are in two splits; a print for each entry. Raises Leakage."""
    clips: dict[str, int] = defaultdict(int)
    for entry in entries:
        clips[film_of(entry)] += 1
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for match in matches(prints, [entry.split for entry in entries]):
        pair = (entries[match.first], entries[match.second])
        films = sorted(map(film_of, pair), key=lambda film: (clips[film], film))
        shared[films[0], films[1]].update(entry.name for entry in pair if film_of(entry) == films[0])
    for (shorter, longer), names in sorted(shared.items()):
        if len(names) >= SAME_FILM * clips[shorter]:
            splits = sorted({entry.split for entry in entries if film_of(entry) in (shorter, longer)})
            raise Leakage(
                f"{_called(entries, shorter)} and {_called(entries, longer)} hold the same sound ({len(names)} of "
                f"{clips[shorter]} clips, the first is {min(names)}) and are in the splits {' and '.join(splits)}; give "
                "both one group in the table of films (--about), and build again."
            )


def film_of(entry: Entry) -> str:
    """What is in one split as a whole: the group of what a clip was made from first."""
    return entry.sources[0].group if entry.sources else entry.name


def _called(entries: Iterable[Entry], film: str) -> str:
    return next(entry.sources[0].name if entry.sources else entry.name for entry in entries if film_of(entry) == film)


def _peaks(mono: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames and bins of the strongest peaks, in order of time."""
    none = np.zeros(0, np.int64)
    if len(mono) < WINDOW or not mono.any():
        return none, none
    blocks = np.lib.stride_tricks.sliding_window_view(mono, WINDOW)[::HOP]
    spectrum = np.abs(np.fft.rfft(blocks * np.hanning(WINDOW).astype(np.float32)))[:, 1:-1].astype(np.float32)
    levels = 20 * np.log10(spectrum / spectrum.max() + 1e-9)
    around = _highest_within(_highest_within(levels, REACH_FRAMES).T, REACH_BINS).T
    frames, bins = np.nonzero((levels >= around) & (levels > QUIETEST_DB))
    kept = np.sort(_strongest(levels[frames, bins], frames))
    return frames[kept], bins[kept]


def _highest_within(levels: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """The highest of each row [N, …] and of so many before and after it."""
    highest = np.pad(levels, ((reach, reach), (0, 0)), constant_values=-np.inf)
    width, wanted = 1, 2 * reach + 1
    while width < wanted:  # each round doubles how many rows count
        step = min(width, wanted - width)
        highest = np.maximum(highest[:-step], highest[step:])
        width += step
    return highest


def _strongest(levels: NDArray[np.float32], frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each second the loudest few."""
    seconds = frames * HOP // RATE
    order = np.lexsort((-levels, seconds))
    starts = np.searchsorted(seconds[order], seconds[order])
    return order[np.arange(len(order)) - starts < PEAKS_PER_SECOND]


def _votes(
    clips: NDArray[np.int64], pairs: NDArray[np.int64], frames: NDArray[np.int64], side: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each two alike pairs of different sides: both clips, and how far apart they lie, in steps of two frames."""
    return np.concatenate(list(_votes_at_lags(clips, pairs, frames, side)) or [np.zeros((0, 3), np.int64)])


def _votes_at_lags(
    clips: NDArray[np.int64], pairs: NDArray[np.int64], frames: NDArray[np.int64], side: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    many = np.searchsorted(pairs, pairs, "right") - np.searchsorted(pairs, pairs, "left")
    kept = many <= COMMON
    clips, pairs, frames, side = clips[kept], pairs[kept], frames[kept], side[kept]
    for lag in range(1, min(COMMON, len(pairs))):
        alike = np.flatnonzero((pairs[lag:] == pairs[:-lag]) & (side[lag:] != side[:-lag]))
        if not alike.size:
            continue
        a, b = alike, alike + lag
        swapped = clips[a] > clips[b]
        a, b = np.where(swapped, b, a), np.where(swapped, a, b)
        apart = frames[b] - frames[a]
        for shift in (0, 1):  # neighbouring steps overlap, so that no offset falls between two
            yield np.stack([clips[a], clips[b], 2 * ((apart + shift) // 2) + shift], axis=1)
