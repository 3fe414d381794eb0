"""What a network in training is shown of a clip: nothing, measured cues, or rows that an encoder made once.

    none       nothing; the network is built without a context
    cues       the clip's own `cues.npy`, a row a second
    clip       `context-clip.npy`: a frame a second by CLIP
    captions   `context-captions-STYLE-KIND.npy`: answers of a vision-language model, as text embeddings
    words      `context-words.npy`: the measured cues in words, as text embeddings

The files lie in the clip's folder (training/context_files.py makes them) and hold one row a second, [T, D] float32. Where
nothing is shown, rows are zeros: so a film without a picture, and a picture left out in training, look alike.

Contexts made once: a clip's frames or cues through a pretrained encoder, kept beside the clip.

    words      cues.npy → the six cues of every shot, in words → text encoder              needs no frames
    clip       frames/00.jpg … → CLIP
    captions   the key frames among them → a vision-language model → text encoder          one file a kind of cue

Frames are there where the set was built with `--frames`. The cues of a clip are kept on their scale of 0 to 1; they are
brought back to their units to be put into words, so what was clipped is told as the end of its scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.dataset.clips import CLIPS, read_cues, read_frame, read_numbers
from limelight.dataset.manifest import Entry, read_manifest
from limelight.dataset.reading import MuddyMix
from limelight.errors import InputError
from limelight.media.target import whole_or_absent
from limelight.types import Shot
from limelight.vision.cues import CUE_NAMES, CUES, KINDS
from limelight.vision.describe import describe
from limelight.vision.pretrained.captioner import INTERNVL_8B, InternVl, Style
from limelight.vision.pretrained.captions import Caption, CaptionedPictures, Captions, cues_of_captions
from limelight.vision.pretrained.clip import CLIP, ClipFrames
from limelight.vision.pretrained.sampling import KeyFrame, parts_of
from limelight.vision.pretrained.text import T5_XXL, TextEncoder, text_encoder

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


class Maker(Protocol):
    """A way to make contexts."""

    @property
    def files(self) -> tuple[str, ...]:
        """What it leaves beside a clip."""
        ...

    def rows(self, dataset: Path, entry: Entry) -> Iterator[Rows]:
        """The rows [T, D] of each file. Raises InputError."""
        ...


def maker_of(
    context: str, *, model: str | None, text_model: str | None, style: str, device: str | None, offline: bool
) -> Maker:
    """The way to make a context, its weights by name or folder. Raises InputError, ModelError."""
    if context == "clip":
        return FrameContexts(ClipFrames(model or CLIP, device=device, offline=offline))
    if context not in ("words", "captions"):
        raise InputError(f"Wanted the context {context!r} made; words, clip and captions can be.")
    text = text_encoder(text_model or T5_XXL, device=device, offline=offline)
    if context == "words":
        return WordContexts(text)
    asked = InternVl(model or INTERNVL_8B, device=device, offline=offline)
    return CaptionContexts(CaptionedPictures(asked, text, kinds=KINDS, style=Style(style)), text, style)


def make_contexts(dataset: Path, maker: Maker, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Makes what is missing; gives the number of clips that were done now. Raises InputError, OutputError."""
    entries, made = read_manifest(dataset), 0
    for number, entry in enumerate(entries, 1):
        paths = [dataset / CLIPS / entry.name / file for file in maker.files]
        if not all(path.is_file() for path in paths):
            for path, rows in zip(paths, maker.rows(dataset, entry), strict=True):
                with whole_or_absent(path) as temporary, temporary.open("wb") as file:
                    np.save(file, rows)
            made += 1
        if progress:
            progress(number, len(entries))
    return made


class WordContexts:
    """The measured cues, put into words, by a text encoder."""

    files = (ContextChoice("words").file,)

    def __init__(self, text: TextEncoder) -> None:
        self._text = text

    def rows(self, dataset: Path, entry: Entry) -> Iterator[Rows]:
        values = read_cues(dataset, entry.name)
        if values.shape[1:] != (len(CUES),) or not (
            np.isfinite(values).all() and (np.abs(values - 0.5) <= 0.501).all()
        ):
            raise InputError(
                f"Wanted {len(CUES)} cues of 0 to 1 a second for {entry.name}, found others; build it again."
            )
        shots = worded_shots(values, entry)
        captions = Captions(
            model="picture statistics",
            style="measured",
            captions=tuple(
                Caption(start_seconds=shot.start_seconds, end_seconds=shot.end_seconds, words=dict(shot.words))
                for shot in shots
            ),
        )
        yield embedded(captions, self._text, KINDS, entry)


class FrameContexts:
    """A frame a second by CLIP."""

    files = (ContextChoice("clip").file,)

    def __init__(self, encoder: ClipFrames) -> None:
        self._encoder = encoder

    def rows(self, dataset: Path, entry: Entry) -> Iterator[Rows]:
        yield self._encoder.embed([read_frame(path) for path in frames_of(dataset, entry)])


class CaptionContexts:
    """What a vision-language model answers about the key frames, a file for each of the six cues."""

    def __init__(self, captioner: CaptionedPictures, text: TextEncoder, style: str) -> None:
        """`captioner` asks all six in that style."""
        self._captioner, self._text = captioner, text
        choice = ContextChoice("captions", style)
        self.files = tuple(replace(choice, kind=kind).file for kind in KINDS)

    def rows(self, dataset: Path, entry: Entry) -> Iterator[Rows]:
        captions = self._captioner.caption(key_frames_of(dataset, entry))
        for kind in KINDS:
            yield embedded(captions, self._text, (kind,), entry)


def embedded(captions: Captions, text: TextEncoder, kinds: tuple[str, ...], entry: Entry) -> Rows:
    """A row a second [T, D]."""
    return cues_of_captions(captions, text, kinds=kinds, shots=(), duration_seconds=entry.seconds).values


def worded_shots(values: Rows, entry: Entry) -> tuple[Shot, ...]:
    """The shots of a clip in words, from its cues [T, D] on their scales."""
    return tuple(_worded(values, *edges) for edges in shot_edges(entry))


def shot_edges(entry: Entry) -> Iterator[tuple[float, float]]:
    """Start and end of each shot, in seconds."""
    return pairwise((0.0, *entry.cuts_seconds, entry.seconds))


def _worded(values: Rows, start: float, end: float) -> Shot:
    middles = np.arange(len(values)) + 0.5
    inside = np.flatnonzero((middles >= start) & (middles < end))
    if not len(inside):  # a shot between two middles: the second that it lies in
        inside = np.array([min(int(start), len(values) - 1)])
    means = values[inside].mean(axis=0)
    raw = {cue.name: cue.unscaled(float(mean)) for cue, mean in zip(CUES, means, strict=True)}
    impact = inside[values[inside, CUE_NAMES.index("impact")].argmax()] + 0.5
    return Shot(start, end, describe(raw, duration_seconds=end - start, impact_seconds=float(impact)))


def key_frames_of(dataset: Path, entry: Entry) -> tuple[KeyFrame, ...]:
    """As `key_frames.WaitingRoom` chooses them, among one frame a second."""
    frames = frames_of(dataset, entry)
    parts = [part for start, end in shot_edges(entry) for part in parts_of(Shot(start, end, {}))]
    return tuple(_key_frame(frames, start, end) for start, end in parts)


def _key_frame(frames: Sequence[Path], start: float, end: float) -> KeyFrame:
    number = min(int((start + end) / 2), len(frames) - 1)
    return KeyFrame(start, end, float(number), frames[number])


def frames_of(dataset: Path, entry: Entry) -> list[Path]:
    """A clip's pictures, one a second. Raises InputError where there are none."""
    frames = sorted((dataset / CLIPS / entry.name / "frames").glob("*.jpg"))
    if not frames:
        raise InputError(f"Wanted pictures of {entry.name}, found none in {dataset}; build the set with --frames.")
    return frames
