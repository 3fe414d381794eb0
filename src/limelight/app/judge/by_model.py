"""A model as a method, with the picture of the clip, of another clip, or none; and what it is called in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from limelight.app.judge.film_path import remixed
from limelight.app.judge.remembering import model_of
from limelight.app.judge.trial import Mix, Trial
from limelight.app.loading import CHECKPOINT
from limelight.app.report.words import number, plain
from limelight.runtime.registry import REMIX
from limelight.runtime.remix_card import RemixCard

LONGEST = 60  # characters of a name
SAID = {"own": "", "another": ", another picture", "none": ", no picture"}


@dataclass(frozen=True)
class ByModel:
    """What a film would get."""

    model: str  # a name, a folder or a file
    called: str
    picture: Literal["own", "another", "none"] = "own"

    @property
    def name(self) -> str:
        return self.called + SAID[self.picture]

    @property
    def kind(self) -> Literal["method", "picture"]:
        return "method" if self.picture == "own" else "picture"

    @property
    def mark(self) -> str:
        return f"{model_of(self.model).card.fingerprint}, {self.picture} picture"

    @property
    def needs_another(self) -> bool:
        return self.picture == "another"

    @property
    def looks(self) -> bool:
        """Whether the model ever learnt to look."""
        card = model_of(self.model).card
        return card.context_width > 0 if isinstance(card, RemixCard) else card.uses_picture

    @property
    def said(self) -> str:
        """What it was trained on, in words; once, not for every picture."""
        if self.picture != "own":
            return ""
        return f"{self.called} was trained on {plain(model_of(self.model).card.training_data)}."

    def remix(self, trial: Trial) -> Mix:
        shown = {"own": trial.own, "another": trial.another}.get(self.picture)
        return remixed(trial.input, model_of(self.model), shown, layout=trial.layout)


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
