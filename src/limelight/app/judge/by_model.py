"""A model as a method, with the picture of the clip, of another clip, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from limelight.app.judge.film_path import remixed
from limelight.app.judge.remembering import model_of
from limelight.app.judge.trial import Trial
from limelight.runtime.remix_card import RemixCard
from limelight.signals import Samples

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

    def remix(self, trial: Trial) -> Samples:
        shown = {"own": trial.own, "another": trial.another}.get(self.picture)
        return remixed(trial.input, model_of(self.model), shown, layout=trial.layout)
