"""A model as a method, with the picture of the clip, of another clip, or none; and what it is called in a table.

Or with its own picture but for one kind of cue, which is another clip's: what goes wrong then is what that kind is worth
(permutation importance, Breiman 2001).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from limelight.app.judge.film_path import remixed
from limelight.app.judge.remembering import model_of
from limelight.app.judge.trial import Mix, Shown, Trial
from limelight.app.loading import CHECKPOINT
from limelight.app.report.words import number, plain
from limelight.cues.catalogue import CUES, KINDS
from limelight.runtime.registry import REMIX
from limelight.runtime.remix_card import RemixCard

LONGEST = 60  # characters of a name
OWN, ANOTHER, NONE = "own", "another", "none"
SAID = {OWN: "", ANOTHER: ", another picture", NONE: ", no picture"} | {kind: f", another {kind}" for kind in KINDS}


@dataclass(frozen=True)
class ByModel:
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

    def remix(self, trial: Trial) -> Mix:
        return remixed(trial.input, model_of(self.model), self._shown(trial), layout=trial.layout)

    def _shown(self, trial: Trial) -> Shown | None:
        if self.picture in KINDS:
            return with_cues_of(trial.own, trial.another, self.picture)
        return {OWN: trial.own, ANOTHER: trial.another}.get(self.picture)


def with_cues_of(own: Shown, another: Shown, kind: str) -> Shown:
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
