"""Separate sounds to draw from: rows of manifests, chosen by stem and split, decoded when asked for.

A manifest has at least the columns file, kind, split, group, seconds, channels, tag, sr. A file is relative to its manifest
unless it is absolute. Groups (a voice, a track, a source) count by the root of their length, so no long one is heard always.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
STEM_OF_KIND = {"speech": "speech", "music": "music", "sfx": "effects", "effects": "effects"}
SUNG = ("sing", "sung", "song", "vocal", "choir", "a-cappella", "voice alone")
NO_TOP_HERTZ = 24_000  # sources of a lower rate lack the top octave
WORDS_SHARE = (
    0.3  # an effect with a voice in it for so much of the time has words, unless its tags call it a voice or a crowd
)
LONG_SECONDS = 30.0  # longer files are entered in the middle rather than decoded whole

Sound = NDArray[np.float32]  # [2, N]


@dataclass(frozen=True)
class Source:
    """One file of a library."""

    path: Path
    group: str
    seconds: float
    channels: int
    sample_rate: int
    tag: str

    @property
    def sung(self) -> bool:
        return any(word in self.tag.lower() for word in SUNG)

    def cut(self, rng: np.random.Generator, seconds: float) -> Sound:
        """A stretch from a random place, [2, N] at 48 kHz; shorter where the file is."""
        spare = max(0.0, self.seconds - seconds)
        start = float(rng.uniform(0, spare)) if spare > 0.5 else 0.0
        if self.seconds <= LONG_SECONDS:
            first = round(start * SAMPLE_RATE)
            return decoded(self.path, 0.0, LONG_SECONDS + 2)[:, first : first + round(seconds * SAMPLE_RATE)]
        return decoded(self.path, round(start, 2), seconds)


@lru_cache(maxsize=48)
def decoded(path: Path, start_seconds: float, seconds: float) -> Sound:
    """[2, N] at 48 kHz; a mono file is in both channels alike."""
    wanted = round(seconds * SAMPLE_RATE)
    parts: list[Sound] = []
    have = 0
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", None, SAMPLE_RATE)
        if start_seconds > 0:
            container.seek(int(start_seconds / stream.time_base), stream=stream)
        try:
            for frame in container.decode(stream):
                for piece in resampler.resample(frame):
                    part = piece.to_ndarray()
                    parts.append(part[:2] if len(part) > 1 else np.repeat(part, 2, axis=0))
                    have += part.shape[1]
                if have >= wanted:
                    break
            else:
                parts += [
                    p[:2] if len(p := piece.to_ndarray()) > 1 else np.repeat(p, 2, 0)
                    for piece in resampler.resample(None)
                ]
        except av.error.ArgumentError:
            pass  # some files end in a packet that cannot be decoded, or are entered at one; what was decoded counts
    whole = np.concatenate(parts, axis=1)[:, :wanted] if parts else np.zeros((2, wanted), np.float32)
    return np.nan_to_num(whole.astype(np.float32))


class Shelf:
    """Sources of one kind, drawn by group."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self.groups: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            self.groups[source.group].append(source)

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def hours(self) -> float:
        return sum(source.seconds for source in self.sources) / 3600

    @cached_property
    def _names_and_shares(self) -> tuple[list[str], NDArray[np.float64]]:
        names = list(self.groups)
        weights = np.array([sum(s.seconds for s in self.groups[name]) ** 0.5 for name in names])
        return names, weights / weights.sum()

    def group(self, rng: np.random.Generator) -> list[Source]:
        names, shares = self._names_and_shares
        return self.groups[names[int(rng.choice(len(names), p=shares))]]

    def draw(self, rng: np.random.Generator) -> Source:
        members = self.group(rng)
        weights = np.array([source.seconds for source in members])
        return members[int(rng.choice(len(members), p=weights / weights.sum()))]


class SoundLibrary:
    """Shelves of one split: speech, music (sung and played), effects."""

    def __init__(self, manifests: list[Path], split: str) -> None:
        rows = [source for manifest in manifests for source in read_manifest(manifest, split)]
        by_stem: dict[str, list[Source]] = defaultdict(list)
        for stem, source in rows:
            by_stem[stem].append(source)
        self.speech, self.effects = Shelf(by_stem["speech"]), Shelf(by_stem["effects"])
        self.sung = Shelf([s for s in by_stem["music"] if s.sung])
        self.played = Shelf([s for s in by_stem["music"] if not s.sung])

    def __repr__(self) -> str:
        shelves = {name: getattr(self, name) for name in ("speech", "sung", "played", "effects")}
        return ", ".join(f"{n}: {s.hours:.2f} h, {len(s.groups)} groups" for n, s in shelves.items())


def read_manifest(manifest: Path, split: str) -> list[tuple[str, Source]]:
    found = []
    with manifest.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] != split or row["kind"] not in STEM_OF_KIND or float(row["seconds"]) < 0.15:
                continue
            if STEM_OF_KIND[row["kind"]] == "effects" and _has_words(row):
                continue
            path = Path(row.get("path") or row["file"])
            source = Source(
                path if path.is_absolute() else manifest.parent / path,
                row["group"],
                float(row["seconds"]),
                int(row.get("channels") or 1),
                int(float(row.get("sample_rate") or row.get("sr") or SAMPLE_RATE)),
                row.get("tags") or row.get("tag") or "",
            )
            found.append((STEM_OF_KIND[row["kind"]], source))
    return found


def _has_words(row: dict[str, str]) -> bool:
    """Whether an effect holds speech that nobody tagged."""
    tags = row.get("tags") or row.get("tag") or ""
    return float(row.get("voiced") or 0) > WORDS_SHARE and not any(tag in tags for tag in ("voice", "crowd"))
