"""What a network in training is shown of a clip: nothing, measured cues, or rows that an encoder made once.

The files lie in the clip's folder (`context_makers` writes them) and hold one row a second, [T, D] float32. Where nothing is
shown, rows are zeros: so a film without a picture, and a picture left out in training, look alike. `contexts.json` in the
data set's folder says by which networks each kind of file was made.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from limelight.dataset.clips import CLIPS, read_numbers
from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError
from limelight.media.target import whole_or_absent
from limelight.vision.contexts import ContextChoice, ContextSource, Rows

SOURCES = "contexts.json"


def context_rows(dataset: Path, name: str, choice: ContextChoice) -> Rows | None:
    """What a clip shows, [T, D]; None where nothing is to be shown. Raises InputError."""
    return None if choice.name == "none" else read_rows(dataset / CLIPS / name / choice.file)


def read_rows(path: Path) -> Rows:
    """Rows [T, D] of a file. Raises InputError."""
    try:
        rows = read_numbers(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"Wanted the context {path}, which cannot be read ({error}); make it with `limelight contexts`."
        ) from error
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise InputError(f"Wanted rows of finite numbers in {path}, found {rows.shape}; make it again.")
    return np.asarray(rows, np.float32)


def context_width(clips: MuddyMix, choice: ContextChoice) -> int:
    """D, 0 without a context. Raises InputError where a clip lacks its file, so that training does not stop half way."""
    if choice.name == "none" or not clips.entries:
        return 0
    places = [clips.folder / CLIPS / entry.name / choice.file for entry in clips.entries]
    missing = [place for place in places if not place.is_file()]
    if missing:
        asked = f" --prompts {choice.prompts}" if choice.name == "captions" else ""
        raise InputError(
            f"Wanted {choice.file} beside each of {len(places)} clips, {len(missing)} have none "
            f"(as {missing[0].parent.name}); make them with `limelight contexts {clips.folder} {choice.name}{asked}`."
        )
    return int(read_rows(places[0]).shape[1])


def source_of(dataset: Path, choice: ContextChoice) -> ContextSource:
    """By which networks a context was made, as far as the data set knows. Raises InputError for a damaged record."""
    made = _sources(dataset).get(choice.file, {})
    return ContextSource(choice, made.get("model", ""), made.get("text_model", ""))


def note_source(dataset: Path, source: ContextSource) -> None:
    """Puts it on record. Raises InputError where files of that name were made by others."""
    known, ours = _sources(dataset), {"model": source.model, "text_model": source.text_model}
    before = known.setdefault(source.choice.file, ours)
    if before != ours:
        said = ", ".join(f"{name} {value!r}" for name, value in before.items() if value != ours[name])
        raise InputError(
            f"Wanted {source.choice.file} in {dataset}, it was made with {said}; name the same, or remove these files and "
            f"their line in {SOURCES}."
        )
    with whole_or_absent(dataset / SOURCES) as temporary:
        temporary.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def public_name(name: str | None) -> str:
    """A network's name without the place where it lies on this machine."""
    return "" if name is None else Path(name).name if Path(name).is_dir() else name


def _sources(dataset: Path) -> dict[str, dict[str, str]]:
    path = dataset / SOURCES
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_bytes())
        return {str(file): {str(name): str(value) for name, value in made.items()} for file, made in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"Wanted a record of contexts in {path}, which is damaged ({error}); remove it.") from error
