"""A model as a method: with the picture of the clip, of another clip, or with none; and what it is called in a table.

Or with its own picture but for one kind of cue, which is another clip's: what goes wrong then is what that kind is worth
(permutation importance, Breiman 2001). A clip takes the path that a film takes (measure, separate, decide, mix), without the
limiter. A separator is asked once for each chunk: stems come from sound alone, whatever else is shown.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from limelight.audio.convert import downmix_weights
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import ModelError
from limelight.metrics.clips import EvalClip, Mix, ShownCues
from limelight.mixing import render
from limelight.mixing.controls import Controls
from limelight.mixing.features import Measurements, features_of, measure_audio
from limelight.mixing.one_step import changes
from limelight.mixing.plan import MixPlan, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.mixing.separation import separate
from limelight.models.card import Card
from limelight.models.protocols import Director, Remixer, Separator
from limelight.models.registry import (
    CHECKPOINT,
    DEFAULT_DIRECTOR,
    GRAPH,
    is_remixer,
    load_director,
    load_remixer,
    load_separator,
)
from limelight.report.words import number, plain
from limelight.types import Chunk, Cues, Samples, Separation
from limelight.vision.cues import CUES, KINDS
from limelight.vision.encoder import without_picture

LONGEST = 60  # characters of a name
OWN, ANOTHER, NONE = "own", "another", "none"
SAID = {OWN: "", ANOTHER: ", another picture", NONE: ", no picture"} | {kind: f", another {kind}" for kind in KINDS}


@dataclass(frozen=True)
class ModelMethod:
    """What a film would get."""

    model: str  # a name, a folder or a file
    called: str
    picture: str = OWN  # or ANOTHER, NONE, or a kind of cue that is another clip's

    @property
    def name(self) -> str:
        return self.called + SAID[self.picture]

    @property
    def kind(self) -> Literal["method", "picture"]:
        return "method" if self.picture == OWN else "picture"

    @property
    def mark(self) -> str:
        model = model_of(self.model)
        mark = model.mark if isinstance(model, StemModel) else model.card.fingerprint
        return f"{mark}, {self.picture} picture"

    @property
    def needs_another(self) -> bool:
        return self.picture not in (OWN, NONE)

    @property
    def looks(self) -> bool:
        """Whether the model ever learnt to look."""
        return _deciding(self.model).uses_picture

    @property
    def told_cues(self) -> bool:
        """Whether what it is told of the picture are our measured cues."""
        return self.looks and _deciding(self.model).context in ("none", "cues")

    @property
    def said(self) -> str:
        """What it was trained on, in words; once, not for every picture."""
        if self.picture != OWN:
            return ""
        return f"{self.called} was trained on {plain(model_of(self.model).card.training_data)}."

    def remix(self, clip: EvalClip) -> Mix:
        return remixed(clip.input, model_of(self.model), self._shown(clip), layout=clip.layout)

    def _shown(self, clip: EvalClip) -> ShownCues | None:
        if self.picture in KINDS:
            return with_cues_of(clip.own, clip.another, self.picture)
        return {OWN: clip.own, ANOTHER: clip.another}.get(self.picture)


def with_cues_of(own: ShownCues, another: ShownCues, kind: str) -> ShownCues:
    """A picture with one kind of cue from another; the shorter one is shown again from its start."""
    values = own.cues.values.copy()
    columns = [column for column, cue in enumerate(CUES) if cue.kind == kind]
    seconds = np.arange(len(values)) % len(another.cues.values)
    values[:, columns] = another.cues.values[seconds][:, columns]
    return replace(own, cues=replace(own.cues, values=values))


def _deciding(model: str) -> Card:
    """The card of whoever is shown the picture: the director of stems, or a remixer."""
    found = model_of(model)
    return found.director.card if isinstance(found, StemModel) else found.card


def has_stems(model: str) -> bool:
    """Whether it takes a soundtrack apart, rather than remixing it at once."""
    return isinstance(model_of(model), StemModel)


def names_of(models: Sequence[str]) -> list[str]:
    """What models are called: what they are, not where they lie; where two are alike, the folder or file as well."""
    alike = [_called(model) for model in models]
    return [
        f"{name} [{_place(model)}]" if Counter(alike)[name] > 1 and model != name else name
        for model, name in zip(models, alike, strict=True)
    ]


def _called(model: str) -> str:
    """A stem model's name; of a network that remixes at once also its size and what it is told of the picture."""
    card = model_of(model).card
    if has_stems(model):
        return model if Path(model).name == model else plain(card.name, limit=LONGEST)
    told = "sound only" if card.context == "none" else card.context
    return f"{plain(card.preset, limit=LONGEST)} ({number(card.parameters / 1e6)} M, {told})"


def _place(model: str) -> str:
    """The end of a path, which tells two runs apart."""
    path = Path(model)
    if path.suffix == CHECKPOINT:
        return path.parent.name
    return path.stem if path.suffix == GRAPH else "/".join(path.parts[-2:])


CHUNKS = 16  # of a little over 1 MB each


class CachedSeparator:
    """A separator that hears each chunk once: a clip goes through it with its picture, with another one and with none."""

    def __init__(self, separator: Separator) -> None:
        self._separator = separator
        self._found: OrderedDict[bytes, Separation] = OrderedDict()

    @property
    def card(self) -> Card:
        return self._separator.card

    def separate(self, chunk: Chunk) -> Separation:
        key = hashlib.sha256(chunk.samples.tobytes() + chunk.downmix.tobytes()).digest()
        if key not in self._found:
            self._found[key] = self._separator.separate(chunk)
            if len(self._found) > CHUNKS:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key]


@dataclass(frozen=True)
class StemModel:
    """A separator with a director, as a film meets them."""

    separator: CachedSeparator
    director: Director

    @property
    def card(self) -> Card:
        return self.separator.card

    @property
    def mark(self) -> str:
        """Of both."""
        return f"{self.separator.card.fingerprint}, {self.director.card.fingerprint}"


@cache
def cached_separator(name: str) -> CachedSeparator:
    """A separator by name, loaded once by each process. Raises ModelError."""
    found = load_separator(name, threads=1)  # one thread, so that clips share the cores
    if not isinstance(found, Separator):
        raise ModelError(f"Wanted a separator for sounds alone, {name!r} needs a film's file; use another one.")
    return CachedSeparator(found)


@cache
def model_of(name: str) -> StemModel | Remixer:
    """What a name stands for: SEPARATOR, SEPARATOR+DIRECTOR, or the file of a remixer. Raises ModelError."""
    if is_remixer(name):
        return load_remixer(name, threads=1, device="cpu")
    separator, _, director = name.partition("+")
    return StemModel(cached_separator(separator), load_director(director or DEFAULT_DIRECTOR))


def remixed(samples: Samples, model: StemModel | Remixer, shown: ShownCues | None, *, layout: str) -> Mix:
    """The mix at 48 kHz that a model makes of a soundtrack, with a picture or in the dark. Raises ModelError."""
    if not isinstance(model, StemModel):
        return Mix(remixed_in_one_step(samples, model, shown, layout=layout))
    cues = shown.cues if shown else without_picture(samples.shape[1] / SAMPLE_RATE)
    plan, mix = planned(samples, model, cues, layout=layout)
    return Mix(mix, plan.curves_db + plan.makeup_db)


def remixed_in_one_step(samples: Samples, model: Remixer, shown: ShownCues | None, *, layout: str) -> Samples:
    """What a network makes of a soundtrack in one step, at its own level: the papers' networks learn that too.

    A film would be brought back to its loudness afterwards; the level-matched figures do not mind.
    """
    context = _told(model.card, shown, samples.shape[1] / SAMPLE_RATE)
    pieces = changes([samples], model, context, sample_rate=SAMPLE_RATE, downmix=downmix_weights(layout))
    return np.concatenate([original + change for original, change in pieces], axis=1)


def _told(card: Card, shown: ShownCues | None, seconds: float) -> NDArray[np.float32] | None:
    """The context [T, D] that a network is told; zeros in the dark. Raises ModelError, InputError."""
    if card.context_width == 0:
        return None
    if shown is None:
        return np.zeros((max(1, math.ceil(seconds)), card.context_width), np.float32)
    rows = shown.context(card.context_source.choice)
    if rows.ndim != 2 or rows.shape[1] != card.context_width:
        raise ModelError(
            f"Wanted to tell {card.name} rows of {card.context_width} numbers ({card.context}), {shown.clip} has "
            f"{rows.shape}; compute its context again."
        )
    return rows


def planned(samples: Samples, model: StemModel, cues: Cues, *, layout: str) -> tuple[MixPlan, Samples]:
    """The plan and the mix of a soundtrack [C, N] at 48 kHz: the very path that a film takes, without the limiter."""
    source = PlannedSource(
        name="mixture",
        duration_seconds=samples.shape[1] / SAMPLE_RATE,
        sample_rate=SAMPLE_RATE,
        layout=layout,
        audio_stream=0,
    )
    measured, chunks = _chunks(samples, model.separator, layout)
    heard = features_of(chunks([samples]), model.card, layout=layout)
    plan = make_plan(heard, measured, cues, model.director, Controls(), source, separator=model.card)
    return plan, np.concatenate(list(render.mixed([samples], plan, chunks, model.card)), axis=1)


def separated(samples: Samples, separator: CachedSeparator, *, layout: str) -> NDArray[np.float32]:
    """The stems [K, C, N] that a separator finds in a soundtrack; they sum to it."""
    _, chunks = _chunks(samples, separator, layout)
    return np.concatenate(list(render.stems([samples], chunks, separator.card, sample_rate=SAMPLE_RATE)), axis=2)


def _chunks(samples: Samples, separator: CachedSeparator, layout: str) -> tuple[Measurements, render.ChunkSource]:
    measured = measure_audio([samples], sample_rate=SAMPLE_RATE, layout=layout)
    downmix = downmix_weights(layout, inverted=measured.inverted)
    chunks = partial(
        separate, separator=separator, sample_rate=SAMPLE_RATE, downmix=downmix, mono_lufs=measured.downmix_lufs
    )
    return measured, chunks
