"""What a network in training is shown of a clip: nothing, measured cues, or rows that an encoder made once.

    none       nothing; the network is built without a context
    cues       the clip's own `cues.npy`, a row a second
    clip       `context-clip.npy`: a frame a second by CLIP
    captions   `context-captions-STYLE-KIND.npy`: answers of a vision-language model, as text embeddings
    words      `context-words.npy`: the measured cues in words, as text embeddings

The files lie in the clip's folder (training/context_files.py makes them) and hold one row a second, [T, D] float32. Where
nothing is shown, rows are zeros: so a film without a picture, and a picture left out in training, look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from limelight.cues.catalogue import KINDS
from limelight.errors import InputError
from limelight.muddy.clips import CLIPS, read_numbers
from limelight.muddy.dataset import MuddyMix

Rows = NDArray[np.float32]  # [T, D]
CONTEXTS = ("none", "cues", "clip", "captions", "words")
STYLES = ("minimal", "focused")


@dataclass(frozen=True)
class ContextChoice:
    """Which context, and how much of it."""

    name: str = "none"
    style: str = "focused"  # of captions: how the questions are put
    kind: str = "camera focus"  # of captions: which of the six cues is asked for
    moments: str = "many"  # a row a second, or "one": the middle one of a passage

    def __post_init__(self) -> None:
        choices = {"name": CONTEXTS, "style": STYLES, "kind": KINDS, "moments": ("one", "many")}
        for field, known in choices.items():
            if getattr(self, field) not in known:
                raise InputError(
                    f"Wanted {getattr(self, field)!r} for the context's {field}; there are {', '.join(known)}."
                )

    @property
    def file(self) -> str:
        """The file of a clip's rows."""
        if self.name == "cues":
            return "cues.npy"
        if self.name == "captions":
            return f"context-captions-{self.style}-{self.kind.replace(' ', '-')}.npy"
        return f"context-{self.name}.npy"

    def seen(self, rows: Rows, start_seconds: int, seconds: int) -> Rows:
        """The rows of a passage [M, D] out of a clip's [T, D]; zeros beyond its end."""
        part = rows[start_seconds : start_seconds + seconds]
        part = np.pad(part, ((0, seconds - len(part)), (0, 0)))
        return part[seconds // 2 : seconds // 2 + 1] if self.moments == "one" else part


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
        raise InputError(
            f"Wanted {choice.file} beside each of {len(places)} clips, {len(missing)} have none "
            f"(as {missing[0].parent.name}); make them with `limelight contexts {clips.folder} {choice.name}`."
        )
    return int(read_rows(places[0]).shape[1])
