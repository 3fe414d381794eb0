"""Contexts made once: a clip's frames or cues through a pretrained encoder, kept beside the clip.

    words      cues.npy → the six cues of every shot, in words → text encoder              needs no frames
    clip       frames/00.jpg … → CLIP
    captions   the key frames among them → a vision-language model → text encoder          one file a kind of cue

Frames are there where the set was built with `--frames`. The cues of a clip are kept on their scale of 0 to 1; they are
brought back to their units to be put into words, so what was clipped is told as the end of its scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from limelight.cues.catalogue import CUE_NAMES, CUES, KINDS
from limelight.cues.describe import describe
from limelight.cues.pretrained.captioned import CaptionedPictures, cues_of_captions
from limelight.cues.pretrained.captions import Caption, Captions
from limelight.cues.pretrained.clip import CLIP, ClipFrames
from limelight.cues.pretrained.internvl import INTERNVL_8B, InternVl
from limelight.cues.pretrained.key_frames import KeyFrame, parts_of
from limelight.cues.pretrained.prompts import Style
from limelight.cues.pretrained.text_encoder import T5_XXL, TextEncoder, text_encoder
from limelight.errors import InputError
from limelight.media.target import whole_or_absent
from limelight.muddy.clips import CLIPS, read_cues
from limelight.muddy.frames import read_frame
from limelight.muddy.manifest import Entry, read_manifest
from limelight.signals import Shot
from limelight.training.contexts import ContextChoice, Rows


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
        return Frames(ClipFrames(model or CLIP, device=device, offline=offline))
    if context not in ("words", "captions"):
        raise InputError(f"Wanted the context {context!r} made; words, clip and captions can be.")
    text = text_encoder(text_model or T5_XXL, device=device, offline=offline)
    if context == "words":
        return Words(text)
    asked = InternVl(model or INTERNVL_8B, device=device, offline=offline)
    return Answers(CaptionedPictures(asked, text, kinds=KINDS, style=Style(style)), text, style)


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


class Words:
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


class Frames:
    """A frame a second by CLIP."""

    files = (ContextChoice("clip").file,)

    def __init__(self, encoder: ClipFrames) -> None:
        self._encoder = encoder

    def rows(self, dataset: Path, entry: Entry) -> Iterator[Rows]:
        yield self._encoder.embed([read_frame(path) for path in frames_of(dataset, entry)])


class Answers:
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
