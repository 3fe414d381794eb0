"""What was found, clip by clip: a file of JSON Lines for each method, so that a run can be stopped and gone on with.

    INTO/results/METHOD.jsonl      a line a clip: clip, key, and the figures (raw; null is a figure that there is none of)
    INTO/results.parquet           all of them as one table, where it is asked for

A line counts while its key is that of what would be measured now: the clip's files, the method's weights and rules, the
versions of the metrics. Lines are added as they come, by one process; at the end each file is written in order of clips, so
that it does not show how it came about.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from limelight.dataset.manifest import require_parquet
from limelight.errors import InputError
from limelight.media.target import naming_write_errors, whole_or_absent

METRICS_VERSION = 3  # another number, and everything is measured again
FOLDER, PARQUET = "results", "results.parquet"
OLD_NAMES = {
    "harm": "clean_mix_change",
    "harm_gain_db": "clean_mix_gain_db",
    "decided_harm_db": "clean_mix_decided_db",
}  # of figures, as older runs wrote them


@dataclass(frozen=True)
class ResultLine:
    """One method on one clip."""

    clip: str
    method: str
    key: str
    kind: str  # of scene, or "film"
    recipe: str
    step_db: float
    figures: Mapping[str, float] = field(repr=False)
    trivial: str | None = None  # why the pair teaches nothing, if so

    def as_text(self) -> str:
        """One line of JSON."""
        figures = {name: value if math.isfinite(value) else None for name, value in self.figures.items()}
        return json.dumps(asdict(self) | {"figures": figures}, ensure_ascii=False, sort_keys=True, allow_nan=False)

    @classmethod
    def from_text(cls, text: bytes) -> ResultLine:
        """What `as_text` wrote. Raises ValueError, in one line."""
        try:
            read = _LINE.validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        figures = {
            OLD_NAMES.get(name, name): math.nan if value is None else value for name, value in read.figures.items()
        }
        return cls(**vars(read) | {"figures": figures})


@dataclass(frozen=True)
class _Written(ResultLine):
    """A line as JSON has it."""

    figures: Mapping[str, float | None]  # type: ignore[assignment]


_LINE = TypeAdapter(_Written)


def is_good(recipe: str) -> bool:
    """Whether a clip of this recipe was left as it is."""
    return recipe == "none"


def key_of(*parts: object) -> str:
    """One short word for all that a figure depends on."""
    text = json.dumps([METRICS_VERSION, *parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_of(into: Path, method: str) -> Path:
    """Where a method's lines are: a readable name, and one for each method."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in method.lower())
    words = "-".join(word for word in plain.split("-") if word)
    return into / FOLDER / f"{words[:60]}-{hashlib.sha256(method.encode()).hexdigest()[:6]}.jsonl"


def read_lines(path: Path) -> dict[str, ResultLine]:
    """The lines of a method by clip, the last of each; a last line that a stop cut off is passed over. Raises InputError."""
    if not path.is_file():
        return {}
    found: dict[str, ResultLine] = {}
    texts = path.read_bytes().split(b"\n")
    for number, text in enumerate(texts, 1):
        try:
            line = ResultLine.from_text(text) if text else None
        except ValueError as error:
            if number == len(texts):
                break
            raise InputError(f"Line {number} of {path} is no result ({error}); remove it and run again.") from error
        if line:
            found[line.clip] = line
    return found


def add(into: Path, lines: Iterable[ResultLine]) -> None:
    """Adds lines to the files of their methods. Raises OutputError."""
    for line in lines:
        path = file_of(into, line.method)
        with naming_write_errors(path), path.open("a+b") as file:
            _drop_a_cut(file)
            file.write(f"{line.as_text()}\n".encode())


def settle(into: Path, method: str) -> None:
    """Writes a method's file in order of clips, one line each. Raises OutputError."""
    path = file_of(into, method)
    lines = read_lines(path)
    with whole_or_absent(path) as temporary, naming_write_errors(path):
        temporary.write_text("".join(f"{lines[clip].as_text()}\n" for clip in sorted(lines)), encoding="utf-8")


def read_all(into: Path) -> Iterator[ResultLine]:
    """Every line of every method. Raises InputError where there are none."""
    paths = sorted((into / FOLDER).glob("*.jsonl"))
    if not paths:
        raise InputError(f"Wanted results in {into}, found none; make some with `limelight evaluate`.")
    for path in paths:
        yield from read_lines(path).values()


def write_parquet(into: Path, lines: Iterable[ResultLine]) -> Path:
    """All lines as a table. Needs pyarrow (extra `data`). Raises OutputError."""
    require_parquet()
    import pyarrow
    import pyarrow.parquet

    rows = [{**asdict(line), **line.figures} for line in lines]
    for row in rows:
        del row["figures"]
    with whole_or_absent(into / PARQUET) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), temporary)
    return into / PARQUET


def _drop_a_cut(file: BinaryIO) -> None:
    """What a stop left of a last line goes before another is added: behind it, it would no longer be the last."""
    file.seek(0)
    text = file.read()
    file.truncate(text.rfind(b"\n") + 1)
