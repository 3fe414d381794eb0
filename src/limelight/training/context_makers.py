"""Contexts made once: the frames or cues of a set's clips through a pretrained encoder, kept beside each clip.

    words      cues.npy → the six cues of every shot, in words → text encoder              needs no frames
    clip       frames/00.jpg … → CLIP
    captions   frames, one a second (general) or the key frames of the shots → a vision-language model → text encoder

Frames are there where the set was built with `--frames`. Clips go through in groups, so that a network answers many questions
at once. What is there is not made again: after a stop it goes on, and several processes share the work by `Shard`.

The cues of a clip are kept on their scale of 0 to 1; they are brought back to their units to be put into words, so what was
clipped is told as the end of its scale.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from limelight.batch.engine import Engine, Resources
from limelight.batch.queue import run_jobs
from limelight.dataset.clips import CLIPS, read_cues, read_frame
from limelight.dataset.manifest import Entry, read_manifest
from limelight.errors import InputError, SomeFailed, UsageError
from limelight.media.target import whole_or_absent
from limelight.training.contexts import note_source, public_name
from limelight.types import Shot
from limelight.vision.cues import CUE_NAMES, CUES, KINDS, describe
from limelight.vision.encoder import ContextChoice, ContextSource, Rows
from limelight.vision.pretrained.captioned import CaptionedPictures, cues_of_captions, seconds_of
from limelight.vision.pretrained.captions import INTERNVL_8B, Caption, Captions, InternVl, PromptStyle
from limelight.vision.pretrained.encoders import CLIP, T5_XXL, ClipFrames, TextEncoder, text_encoder
from limelight.vision.pretrained.sampling import KeyFrame, parts_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shard:
    """Which share of the clips is this process's, of how many; on as many machines as can write to the set's folder."""

    number: int = 0
    of: int = 1

    @classmethod
    def read(cls, text: str) -> Shard:
        """From "0/8". Raises UsageError."""
        number, _, of = text.partition("/")
        if not (number.isdigit() and of.isdigit() and int(number) < int(of)):
            raise UsageError(f"--shard wants NUMBER/OF, as 0/8 to 7/8, got {text!r}")
        return cls(int(number), int(of))


class Maker(Protocol):
    """A way to make contexts."""

    @property
    def sources(self) -> tuple[ContextSource, ...]:
        """What it leaves beside a clip, and by which networks."""
        ...

    def rows(self, dataset: Path, entries: Sequence[Entry]) -> Iterator[tuple[Rows, ...]]:
        """The rows [T, D] of each file, clip by clip. Raises InputError."""
        ...


@dataclass(frozen=True)
class MakerOptions:
    """Networks by name or folder, and how captions are asked for."""

    model: str | None = None  # CLIP or InternVL
    text_model: str | None = None
    prompts: str = "focused"
    cues: tuple[str, ...] = ("camera focus",)  # of captions that are not general
    device: str | None = None
    offline: bool = False
    batch: int = 16  # questions or frames at a time


def maker_of(context: str, options: MakerOptions) -> Maker:
    """The way to make a context. Raises InputError, ModelError."""
    where = {"device": options.device, "offline": options.offline}
    if context == "clip":
        name = options.model or CLIP
        return FrameContexts(ClipFrames(name, **where), name=public_name(name))  # type: ignore[arg-type]
    if context not in ("words", "captions"):
        raise InputError(f"Wanted the context {context!r} made; words, clip and captions can be.")
    choices = [ContextChoice("captions", options.prompts, cue) for cue in options.cues]  # checks their names
    text_name = options.text_model or T5_XXL
    text = text_encoder(text_name, **where)  # type: ignore[arg-type]
    if context == "words":
        return WordContexts(text, name=public_name(text_name))
    name = options.model or INTERNVL_8B
    kinds = tuple(dict.fromkeys(kind for choice in choices for kind in choice.asked))
    asked = CaptionedPictures(
        InternVl(name, **where), text, kinds=kinds, style=PromptStyle(options.prompts), batch=options.batch  # type: ignore[arg-type]
    )  # fmt: skip
    names = public_name(name), public_name(text_name)
    return CaptionContexts(asked, text, tuple(dict.fromkeys(choices)), names=names)


def sources_of(context: str, options: MakerOptions) -> tuple[ContextSource, ...]:
    """What the maker of a context leaves beside a clip, without loading its networks. Raises InputError."""
    text = public_name(options.text_model or T5_XXL)
    if context == "clip":
        return (ContextSource(ContextChoice("clip"), model=public_name(options.model or CLIP)),)
    if context == "words":
        return (ContextSource(ContextChoice("words"), text_model=text),)
    if context != "captions":
        raise InputError(f"Wanted the context {context!r} made; words, clip and captions can be.")
    choices = dict.fromkeys(ContextChoice("captions", options.prompts, cue) for cue in options.cues)
    names = public_name(options.model or INTERNVL_8B), text
    return tuple(ContextSource(choice, *names) for choice in choices)


@dataclass(frozen=True)
class Work:
    """What is still to be made."""

    dataset: Path
    entries: tuple[Entry, ...]  # without their files
    done: int  # with them
    questions: int

    @classmethod
    def of(cls, dataset: Path, sources: Sequence[ContextSource], shard: Shard | None = None) -> Work:
        """What is left of some contexts; no network is loaded for that. Raises InputError."""
        shard = shard or Shard()
        ours = read_manifest(dataset)[shard.number :: shard.of]
        missing = _missing(dataset, ours, sources)
        asked = sum(questions_of(dataset, entry, sources) for entry in missing)
        return cls(dataset, missing, len(ours) - len(missing), asked)


def questions_of(dataset: Path, entry: Entry, sources: Sequence[ContextSource]) -> int:
    """How often a network is asked about a clip: what the time goes by. Raises InputError for a set without pictures."""
    choice = sources[0].choice
    if choice.name == "words":
        return 0
    if choice.name == "clip":
        return len(frames_of(dataset, entry))
    return len(asked_frames_of(dataset, entry, choice)) * len(sources)


def make_contexts(
    work: Work, maker: Maker, *, group: int = 8, progress: Callable[[int, int], None] | None = None
) -> int:
    """Makes what is missing, `group` clips at a time; gives the number of clips. Raises InputError, OutputError.

    After the first group the log says how long the rest will take.
    """
    for source in maker.sources:
        note_source(work.dataset, source)
    total, started = work.done + len(work.entries), time.monotonic()
    for first in range(0, len(work.entries), group):
        entries = work.entries[first : first + group]
        _make(work.dataset, entries, maker)
        if first == 0:
            hours = (time.monotonic() - started) * len(work.entries) / len(entries) / 3600
            log.info("%d clips, %d questions: about %.1f hours", len(work.entries), work.questions, hours)
        if progress:
            progress(work.done + first + len(entries), total)
    return len(work.entries)


@dataclass(frozen=True)
class ContextJob:
    """Clips whose contexts one process makes, with networks that it loads once for all its jobs; a plain record."""

    dataset: Path
    entries: tuple[Entry, ...]
    context: str
    options: MakerOptions


def make_contexts_on(
    engine: Engine,
    dataset: Path,
    context: str,
    options: MakerOptions,
    *,
    group: int = 8,
    resources: Resources | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """The same by an engine, `group` clips a job; what this process does needs no network. The number of clips made.

    resources: of a job; a share of a GPU puts several workers on one. Raises InputError, OutputError, and SomeFailed where
    clips could not be made: the others are.
    """
    sources, everything = sources_of(context, options), read_manifest(dataset)
    for source in sources:
        note_source(dataset, source)
    missing = _missing(dataset, everything, sources)
    jobs = [
        ContextJob(dataset, missing[first : first + group], context, options) for first in range(0, len(missing), group)
    ]
    made, failures = 0, []
    for outcome in run_jobs(make_group, jobs, engine=engine, resources=resources):
        if outcome.result is None:
            failures.append(f"{jobs[outcome.number].entries[0].name} and those behind it: {outcome.message}")
        else:
            made += outcome.result
        if progress:
            progress(len(everything) - len(missing) + made, len(everything))
    if failures:
        raise SomeFailed(
            f"contexts of {len(missing) - made} clips could not be made, the first: {failures[0]}; run the command again"
        )
    return made


def make_group(job: ContextJob, report: Callable[[float], None]) -> int:
    """In a worker."""
    _make(job.dataset, job.entries, _loaded(job.context, job.options))
    return len(job.entries)


@lru_cache(maxsize=1)
def _loaded(context: str, options: MakerOptions) -> Maker:
    return maker_of(context, options)


def _make(dataset: Path, entries: Sequence[Entry], maker: Maker) -> None:
    for entry, made in zip(entries, maker.rows(dataset, entries), strict=True):
        for path, rows in zip(_paths(dataset, entry, maker.sources), made, strict=True):
            with whole_or_absent(path) as temporary, temporary.open("wb") as file:
                np.save(file, rows)


def _missing(dataset: Path, entries: Sequence[Entry], sources: Sequence[ContextSource]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if not all(path.is_file() for path in _paths(dataset, entry, sources)))


def _paths(dataset: Path, entry: Entry, sources: Sequence[ContextSource]) -> list[Path]:
    return [dataset / CLIPS / entry.name / source.choice.file for source in sources]


class WordContexts:
    """The measured cues, put into words, by a text encoder."""

    def __init__(self, text: TextEncoder, *, name: str = "") -> None:
        self._text = text
        self.sources = (ContextSource(ContextChoice("words"), text_model=name),)

    def rows(self, dataset: Path, entries: Sequence[Entry]) -> Iterator[tuple[Rows, ...]]:
        for entry in entries:
            values = read_cues(dataset, entry.name)
            if values.shape[1:] != (len(CUES),) or not (
                np.isfinite(values).all() and (np.abs(values - 0.5) <= 0.501).all()
            ):
                raise InputError(
                    f"Wanted {len(CUES)} cues of 0 to 1 a second for {entry.name}, found others; build it again."
                )
            shots = worded_shots(values, entry)
            captions = tuple(
                Caption(start_seconds=shot.start_seconds, end_seconds=shot.end_seconds, words=dict(shot.words))
                for shot in shots
            )
            told = Captions(model="picture statistics", style="measured", captions=captions)
            yield (embedded(told, self._text, KINDS, entry),)


class FrameContexts:
    """A frame a second by CLIP."""

    def __init__(self, encoder: ClipFrames, *, name: str = "") -> None:
        self._encoder = encoder
        self.sources = (ContextSource(ContextChoice("clip"), model=name),)

    def rows(self, dataset: Path, entries: Sequence[Entry]) -> Iterator[tuple[Rows, ...]]:
        for entry in entries:
            yield (self._encoder.embed([read_frame(path) for path in frames_of(dataset, entry)]),)


class CaptionContexts:
    """What a vision-language model answers about frames, a file for each kind of answer."""

    def __init__(
        self,
        captioner: CaptionedPictures,
        text: TextEncoder,
        choices: tuple[ContextChoice, ...],
        *,
        names: tuple[str, str] = ("", ""),
    ) -> None:
        """`captioner` asks what is chosen; `names` of the vision-language model and the text encoder."""
        self._captioner, self._text = captioner, text
        self.sources = tuple(ContextSource(choice, *names) for choice in choices)

    def rows(self, dataset: Path, entries: Sequence[Entry]) -> Iterator[tuple[Rows, ...]]:
        choice = self.sources[0].choice
        captions = self._captioner.caption_all([asked_frames_of(dataset, entry, choice) for entry in entries])
        for entry, told in zip(entries, captions, strict=True):
            yield tuple(embedded(told, self._text, source.choice.asked, entry) for source in self.sources)


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


def asked_frames_of(dataset: Path, entry: Entry, choice: ContextChoice) -> tuple[KeyFrame, ...]:
    """The frames that a kind of captions asks about."""
    general = choice.prompts == PromptStyle.general
    return general_frames_of(dataset, entry) if general else key_frames_of(dataset, entry)


def key_frames_of(dataset: Path, entry: Entry) -> tuple[KeyFrame, ...]:
    """SemMix's, as `sampling.FrameBuffer` chooses them, among one frame a second."""
    return _frames_of_shots(dataset, entry, (Shot(start, end, {}) for start, end in shot_edges(entry)))


def general_frames_of(dataset: Path, entry: Entry) -> tuple[KeyFrame, ...]:
    """VisAH's: every second."""
    return _frames_of_shots(dataset, entry, seconds_of(entry.seconds))


def _frames_of_shots(dataset: Path, entry: Entry, shots: Iterable[Shot]) -> tuple[KeyFrame, ...]:
    frames = frames_of(dataset, entry)
    return tuple(_key_frame(frames, start, end) for shot in shots for start, end in parts_of(shot))


def _key_frame(frames: Sequence[Path], start: float, end: float) -> KeyFrame:
    number = min(int((start + end) / 2), len(frames) - 1)
    return KeyFrame(start, end, float(number), frames[number])


def frames_of(dataset: Path, entry: Entry) -> list[Path]:
    """A clip's pictures, one a second. Raises InputError where there are none."""
    frames = sorted((dataset / CLIPS / entry.name / "frames").glob("*.jpg"))
    if not frames:
        raise InputError(f"Wanted pictures of {entry.name}, found none in {dataset}; build the set with --frames.")
    return frames
