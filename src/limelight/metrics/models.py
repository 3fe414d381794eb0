"""A model as a method, with the picture of the clip, of another clip, or none; and what it is called in a table.

Or with its own picture but for one kind of cue, which is another clip's: what goes wrong then is what that kind is worth
(permutation importance, Breiman 2001).

A model that listens to each window once.

A clip goes through the same model with its picture, another one and none, for its plan and for its mix, and once more to be
taken apart; the masks come from sound alone, so all of these hear the same.

The very path that a film takes, for a soundtrack in memory: survey, plan, mix (without the limiter), or stems.

`remixed` is what every method asks, whatever the model is: one that plans gains of stems, or one that remixes at once.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from limelight.cli.options import CHECKPOINT, load
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import ModelError
from limelight.metrics.clips import EvalClip, Mix, ShownCues
from limelight.mixing import render
from limelight.mixing.controls import Controls
from limelight.mixing.loudness_plan import measure_audio
from limelight.mixing.plan import MixPlan, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.mixing.remixing import changes
from limelight.models.card import ModelCard
from limelight.models.registry import REMIX, load_model, load_stem_model
from limelight.models.remix_card import RemixCard
from limelight.models.remixer import RemixModel
from limelight.models.separator import Array, Heard, Model
from limelight.report.words import number, plain
from limelight.types import Cues, Samples
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
        return f"{model_of(self.model).card.fingerprint}, {self.picture} picture"

    @property
    def needs_another(self) -> bool:
        return self.picture not in (OWN, NONE)

    @property
    def looks(self) -> bool:
        """Whether the model ever learnt to look."""
        card = model_of(self.model).card
        return card.context_width > 0 if isinstance(card, RemixCard) else card.uses_picture

    @property
    def told_cues(self) -> bool:
        """Whether what it is told of the picture are our measured cues."""
        card = model_of(self.model).card
        return self.looks and (not isinstance(card, RemixCard) or card.context == "cues")

    @property
    def said(self) -> str:
        """What it was trained on, in words; once, not for every picture."""
        if self.picture != OWN:
            return ""
        return f"{self.called} was trained on {plain(model_of(self.model).card.training_data)}."

    def remix(self, trial: EvalClip) -> Mix:
        return remixed(trial.input, model_of(self.model), self._shown(trial), layout=trial.layout)

    def _shown(self, trial: EvalClip) -> ShownCues | None:
        if self.picture in KINDS:
            return with_cues_of(trial.own, trial.another, self.picture)
        return {OWN: trial.own, ANOTHER: trial.another}.get(self.picture)


def with_cues_of(own: ShownCues, another: ShownCues, kind: str) -> ShownCues:
    """A picture with one kind of cue from another; the shorter one is shown again from its start."""
    values = own.cues.values.copy()
    columns = [column for column, cue in enumerate(CUES) if cue.kind == kind]
    seconds = np.arange(len(values)) % len(another.cues.values)
    values[:, columns] = another.cues.values[seconds][:, columns]
    return replace(own, cues=replace(own.cues, values=values))


def has_stems(model: str) -> bool:
    """Whether it takes a soundtrack apart, rather than remixing it at once."""
    return not isinstance(model_of(model).card, RemixCard)


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
    if not isinstance(card, RemixCard):
        return model if Path(model).name == model else plain(card.name, limit=LONGEST)
    told = "sound only" if card.context == "none" else card.context
    return f"{plain(card.preset, limit=LONGEST)} ({number(card.parameters / 1e6)} M, {told})"


def _place(model: str) -> str:
    """The end of a path, which tells two runs apart."""
    path = Path(model)
    if path.suffix == CHECKPOINT:
        return path.parent.name
    return path.stem if path.suffix == REMIX else "/".join(path.parts[-2:])


WINDOWS = 16  # of a little over 1 MB each


class CachedSeparator:
    """A `runtime.model.Model` around another."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._heard: OrderedDict[bytes, Heard] = OrderedDict()

    @property
    def card(self) -> ModelCard:
        return self._model.card

    def separate(self, magnitude: Array) -> Heard:
        key = hashlib.sha256(magnitude.tobytes()).digest()
        if key not in self._heard:
            self._heard[key] = self._model.separate(magnitude)
            if len(self._heard) > WINDOWS:
                self._heard.popitem(last=False)
        self._heard.move_to_end(key)
        return self._heard[key]

    def direct(self, latent: Array, levels_db: Array, cues: Array, cue_seconds: Array) -> Array:
        return self._model.direct(latent, levels_db, cues, cue_seconds)


@cache
def cached_separator(name: str) -> CachedSeparator:
    """A model that knows stems, by name or folder, loaded once by each process. Raises ModelError."""
    return CachedSeparator(load_stem_model(name, threads=1))  # one thread, so that clips share the cores


@cache
def model_of(name: str) -> CachedSeparator | RemixModel:
    """A model of either kind: a name, a folder, an `.onnx` file or a checkpoint. Raises ModelError."""
    if Path(name).suffix == CHECKPOINT:
        model = cast(RemixModel, load(name, device="cpu"))
        _one_thread()
        return model
    found = load_model(name, threads=1)
    return found if isinstance(found, RemixModel) else cached_separator(name)


def _one_thread() -> None:
    """Torch on one core, as ONNX models are; it is there, since a checkpoint was loaded."""
    import torch

    torch.set_num_threads(1)


def remixed(samples: Samples, model: Model | RemixModel, shown: ShownCues | None, *, layout: str) -> Mix:
    """The mix at 48 kHz that a model makes of a soundtrack, with a picture or in the dark. Raises ModelError."""
    if isinstance(model, RemixModel):
        return Mix(remixed_at_once(samples, model, shown, layout=layout))
    cues = shown.cues if shown else without_picture(samples.shape[1] / SAMPLE_RATE)
    plan, mix = planned(samples, model, cues, layout=layout)
    return Mix(mix, plan.curves_db + plan.makeup_db)


def remixed_at_once(samples: Samples, model: RemixModel, shown: ShownCues | None, *, layout: str) -> Samples:
    """What a network makes of a soundtrack in one step, at its own level: the papers' networks learn that too.

    A film would be brought back to its loudness afterwards; the level-matched figures do not mind.
    """
    context = _told(model.card, shown, samples.shape[1] / SAMPLE_RATE)
    pieces = changes([samples], model, context, sample_rate=SAMPLE_RATE, layout=layout)
    return np.concatenate([original + change for original, change in pieces], axis=1)


def _told(card: RemixCard, shown: ShownCues | None, seconds: float) -> NDArray[np.float32] | None:
    """The context [T, D] that a network is told; zeros in the dark. Raises ModelError, InputError."""
    if card.context_width == 0:
        return None
    if shown is None:
        return np.zeros((max(1, math.ceil(seconds)), card.context_width), np.float32)
    rows = shown.context(card.context)
    if rows.ndim != 2 or rows.shape[1] != card.context_width:
        raise ModelError(
            f"Wanted to tell {card.name} rows of {card.context_width} numbers ({card.context}), {shown.clip} has "
            f"{rows.shape}; compute its context again."
        )
    return rows


def planned(samples: Samples, model: Model, cues: Cues, *, layout: str) -> tuple[MixPlan, Samples]:
    """The plan and the mix of a soundtrack [C, N] at 48 kHz."""
    source = PlannedSource(
        name="mixture",
        duration_seconds=samples.shape[1] / SAMPLE_RATE,
        sample_rate=SAMPLE_RATE,
        layout=layout,
        audio_stream=0,
    )
    surveyed = measure_audio([samples], sample_rate=SAMPLE_RATE, layout=layout)
    plan = make_plan([samples], surveyed, cues, model, Controls(), source)
    return plan, np.concatenate(list(render.mixed([samples], plan, model)), axis=1)


def separated(samples: Samples, model: Model, *, layout: str) -> NDArray[np.float32]:
    """The stems [K, C, N] that a model finds in a soundtrack; they sum to it."""
    surveyed = measure_audio([samples], sample_rate=SAMPLE_RATE, layout=layout)
    parts = render.stems([samples], model, sample_rate=SAMPLE_RATE, layout=layout, mono_lufs=surveyed.downmix_lufs)
    return np.concatenate(list(parts), axis=2)
