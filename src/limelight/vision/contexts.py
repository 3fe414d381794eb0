"""What a network is told of the picture: which context, how the questions were put, and what it was made with.

    none       nothing; the network is built without a context encoder
    cues       the measured cues, a row a second
    clip       a frame a second by CLIP
    captions   a vision-language model's answers, through a text encoder
    words      the measured cues in words, through a text encoder

Captions are asked for in three ways. `general` is VisAH's: one caption a second, of the whole frame. `focused` and `minimal`
are SemMix's: one of six cues, of the key frames of every shot. A network that was trained on one of them is told the same on a
film, so all of this travels in checkpoints and cards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from limelight.vision.cues import KINDS

Rows = NDArray[np.float32]  # [T, D]
CONTEXTS = ("none", "cues", "clip", "captions", "words")
GENERAL = "general"
PROMPTS = ("minimal", "focused", GENERAL)
MANY, ONE = "many", "one"


@dataclass(frozen=True)
class ContextChoice:
    """Which context, and how much of it."""

    name: str = "none"
    prompts: str = "focused"  # of captions: how the questions are put
    cue: str = "camera focus"  # of captions that are not general: which of the six is asked for
    frames: str = MANY  # a row a second, or "one": the middle one of a passage

    def __post_init__(self) -> None:
        choices = {"name": CONTEXTS, "prompts": PROMPTS, "cue": KINDS, "frames": (MANY, ONE)}
        for option, known in choices.items():
            if getattr(self, option) not in known:
                raise InputError(
                    f"Wanted {getattr(self, option)!r} for the context's {option}; there are {', '.join(known)}."
                )

    @property
    def asked(self) -> tuple[str, ...]:
        """The kinds of words that captions hold."""
        return (GENERAL,) if self.prompts == GENERAL else (self.cue,)

    @property
    def file(self) -> str:
        """The file of a clip's rows, wherever they are made, trained on or evaluated."""
        if self.name == "cues":
            return "cues.npy"
        if self.name == "captions":
            asked = "" if self.prompts == GENERAL else f"-{self.cue.replace(' ', '-')}"
            return f"context-captions-{self.prompts}{asked}.npy"
        return f"context-{self.name}.npy"

    def seen(self, rows: Rows, start_seconds: int, seconds: int) -> Rows:
        """The rows of a passage [M, D] out of a clip's [T, D]; zeros beyond its end."""
        part = rows[start_seconds : start_seconds + seconds]
        part = np.pad(part, ((0, seconds - len(part)), (0, 0)))
        return part[seconds // 2 : seconds // 2 + 1] if self.frames == ONE else part


@dataclass(frozen=True)
class ContextSource:
    """A context and the networks that it was made with, by name; "" where there are none, or nobody knows."""

    choice: ContextChoice = field(default_factory=ContextChoice)
    model: str = ""  # CLIP, or a vision-language model
    text_model: str = ""
