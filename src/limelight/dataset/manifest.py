"""What a data set holds, a line of JSON for each clip, and the check that no split leaks into another.

    DIR/dataset.json          format, seed, length, layout, recipes, separator: what a build must agree with to go on
    DIR/manifest.jsonl        one `Entry` a line, in order of their names
    DIR/clips/NAME/           the clip's files (see `clips`)
    DIR/sources/NAME.json     what came of one film (or batch of scenes): its entries; there when it is done
    DIR/skipped.jsonl         what could not be used, and why

It does not matter to these records where a clip comes from: a film, or sounds and pictures put together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from limelight.errors import InputError, Leakage, OutputError
from limelight.media.target import whole_or_absent
from limelight.types import STEMS

MANIFEST = "manifest.jsonl"
PARQUET = "manifest.parquet"
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Source:
    """One thing that a clip was made from: a film, a recording, a picture."""

    name: str
    role: str  # "film", "speech", "music", "effects", "picture"
    group: str  # the film, speaker, track or recording; never in two splits
    sha256: str  # of the file; "" for what has no file
    licence: str
    start_seconds: float = 0.0


@dataclass(frozen=True)
class Entry:
    """One line of the manifest: a clip. Loudness is BS.1770 integrated, None is silence."""

    name: str
    split: str
    kind: str  # "film", or the kind of scene
    seconds: float
    sample_rate: int
    layout: str
    sources: tuple[Source, ...]
    separator: str  # how the stems were got; "known" where they were never mixed
    recipe: str
    fault: str
    step_db: float
    invertible: bool
    trivial: str | None  # why the pair teaches nothing, or None
    changes_db: Mapping[str, float]  # each stem's gain, the mean over time
    loudness_lufs: Mapping[str, float | None]  # of speech, music, effects in the target; of target and input
    scale_db: float  # what the source was brought down by
    starts_on_cut: bool
    cuts_seconds: tuple[float, ...]  # inside the clip
    files: Mapping[str, str]  # name → SHA-256
    limit_db: float = 0.0  # what the input alone was brought down by besides; older manifests do not say

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entry:
        """A line read again. Raises ValueError, in one line, where it is no clip or names files outside its data set."""
        try:
            entry = _ENTRY.validate_json(json.dumps(data), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        for field, wished in (("changes_db", STEMS), ("loudness_lufs", (*STEMS, "target", "input"))):
            if missing := set(wished) - set(getattr(entry, field)):
                raise ValueError(f"{field}: there is none of {', '.join(sorted(missing))}")
        for place in (entry.name, *entry.files):
            if not _stays_inside(place):
                raise ValueError(f"{place!r} leads out of the data set")
        return entry

    def as_line(self) -> str:
        """One line of JSON, the same for the same clip."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, allow_nan=False)


_ENTRY = TypeAdapter(Entry)


def _stays_inside(place: str) -> bool:
    """Whether a path from a file may be read below a folder of ours, on any system."""
    parts = place.replace("\\", "/").split("/")
    return all(part not in ("", ".", "..") and ":" not in part and "\0" not in part for part in parts)


def read_manifest(folder: Path) -> list[Entry]:
    """The clips of a data set. Raises InputError."""
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(
            f"Wanted the data set {folder}, there is no {MANIFEST} in it; build it with `limelight muddy`."
        )
    entries = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):  # of bytes: a name may hold Unicode's line ends
        try:
            entries.append(Entry.from_json(json.loads(line)))
        except (ValueError, RecursionError) as error:
            raise InputError(f"Line {number} of {path} is no clip ({error}); build the data set again.") from error
    return entries


def write_manifest(folder: Path, entries: Iterable[Entry]) -> None:
    """All lines, in order of their names; the file is whole or as it was. Raises Leakage, OutputError."""
    ordered = sorted(entries, key=lambda entry: entry.name)
    check_leakage(ordered)
    with whole_or_absent(folder / MANIFEST) as temporary:
        lines = "".join(f"{entry.as_line()}\n" for entry in ordered)
        temporary.write_text(lines, encoding="utf-8", errors="replace")  # a film's name may hold bytes that are no text


def check_leakage(entries: Iterable[Entry]) -> None:
    """Refuses what stands in two splits: a film, a speaker, a track, a file of any name, a sound. Raises Leakage."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.split not in SPLITS:
            raise Leakage(f"{entry.name} is in the split {entry.split!r}; there are {', '.join(SPLITS)}.")
        for key in _marks(entry):
            first = seen.setdefault(key, entry)
            if first.split != entry.split:
                raise Leakage(
                    f"{key} is in two splits: {first.name} ({first.split}) and {entry.name} ({entry.split}); "
                    "give both the same split, or build again without it."
                )


def _marks(entry: Entry) -> Iterator[str]:
    """Everything by which two clips could know each other."""
    for source in entry.sources:
        yield f"{source.role} {source.group!r}"
        if source.sha256:
            yield f"the file {source.sha256[:16]}"
    for stem, lufs in entry.loudness_lufs.items():
        file = entry.files.get(f"{stem}.flac")
        if file and lufs is not None:  # all silences are alike
            yield f"the sound {file[:16]}"


def write_parquet(folder: Path, entries: Sequence[Entry]) -> Path:
    """The manifest as a table, for those who have many. Needs pyarrow (extra `data`). Raises OutputError."""
    require_parquet()
    import pyarrow
    import pyarrow.parquet

    rows = [json.loads(entry.as_line()) | {"files": json.dumps(dict(entry.files))} for entry in entries]
    with whole_or_absent(folder / PARQUET) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), temporary)
    return folder / PARQUET


def require_parquet() -> None:
    """Raises OutputError where pyarrow is missing, before any work is done."""
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise OutputError(
            "Wanted Parquet, which needs pyarrow; pip install pyarrow, or leave --parquet out."
        ) from error
