"""What an encoder of pictures is, and which context a network wants.

What a network is told of the picture: which context, how the questions were put, and what it was made with.

    none       nothing; the network is built without a context encoder
    cues       the measured cues, a row a second
    clip       a frame a second by CLIP
    captions   a vision-language model's answers, through a text encoder
    words      the measured cues in words, through a text encoder

Captions are asked for in three ways. `general` is VisAH's: one caption a second, of the whole frame. `focused` and `minimal`
are SemMix's: one of six cues, of the key frames of every shot. A network that was trained on one of them is told the same on a
film, so all of this travels in checkpoints and cards.

Pictures in, cues out: what every way of watching a film is like, and the measured cues.

pictures → summary.observe_frames (one pass, constant memory) → cuts → shots
                                                              → numbers a second [T, D] and words a shot
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from limelight.errors import InputError
from limelight.types import Cues, Picture, Shot, Vector
from limelight.vision.cues import CUE_NAMES, KINDS, NO_PICTURE, describe, scale_all
from limelight.vision.shots import Evidence, find_cuts
from limelight.vision.summary import (
    FrameObservations,
    Stretches,
    cues_of_pictures,
    evenly,
    observe_frames,
    strongest_impacts,
    summarise,
)

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


class Encoder(Protocol):
    """A way to say what the picture says."""

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Watch pictures, in time order, of a film that lasts `duration_seconds`; T = ceil(duration_seconds)."""
        ...


class PictureStatistics:
    """Classical vision: light, colour, sharpness, motion, cuts and faces, measured about 8 times a second."""

    def __init__(self, *, sampled: bool = False) -> None:
        """`sampled`: pictures may be left out (`watch`); else what is not shown anew is a picture that is held."""
        self._sampled = sampled

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Watch the pictures (RGB, upright, about 180 lines) once, in constant memory."""
        seen = observe_frames(pictures)
        if len(seen.moments) == 0 or duration_seconds <= 0:
            return without_picture(duration_seconds)
        cuts = find_cuts(evidence_of(seen))
        cuts = cuts[seen.moments["time_seconds"][cuts] < duration_seconds]
        cut_seconds = seen.moments["time_seconds"][cuts]
        columns = cues_of_pictures(seen, cuts)
        if self._sampled:
            columns = evenly(columns, cut_seconds, duration_seconds)
        seconds = Stretches(np.arange(math.ceil(duration_seconds) + 1, dtype=np.float64))
        shots = Stretches(np.concatenate([[0.0], cut_seconds, [duration_seconds]]))
        values = scale_all(summarise(columns, seconds, cut_seconds))
        values[_before(seconds, seen)] = 0.0
        return Cues(CUE_NAMES, values, _shots(shots, columns, cut_seconds))


class NoPicture:
    """Does not look: what is said of a film without a picture, for any film."""

    def encode(self, pictures: Iterable[Picture], *, duration_seconds: float) -> Cues:
        """Rows of zeros and one shot; the pictures are not even asked for."""
        return without_picture(duration_seconds)


def without_picture(duration_seconds: float) -> Cues:
    """The cues of sound alone: zeros [T, D] and one shot without a picture."""
    if duration_seconds < 0 or not math.isfinite(duration_seconds):
        raise ValueError(f"a duration must be finite and not negative, got {duration_seconds}")
    values = np.zeros((math.ceil(duration_seconds), len(CUE_NAMES)), np.float32)
    shots = (Shot(0.0, duration_seconds, NO_PICTURE),) if duration_seconds > 0 else ()
    return Cues(CUE_NAMES, values, shots)


def evidence_of(seen: FrameObservations) -> Evidence:
    def column(name: str) -> Vector:
        return np.asarray(seen.moments[name], np.float64)

    changes = np.stack([column(f"change_{k}") for k in (1, 2, 3, 4)], axis=1)
    return Evidence(
        column("time_seconds"), changes, column("match"), column("key"), column("contrast"), column("dissolve")
    )


def _before(seconds: Stretches, seen: FrameObservations) -> NDArray[np.bool_]:
    """Seconds that are over before the first picture is shown."""
    return np.asarray(seconds.edges_seconds[1:] <= seen.moments["time_seconds"][0])


def _shots(stretches: Stretches, columns: dict[str, Vector], cut_seconds: Vector) -> tuple[Shot, ...]:
    edges = stretches.edges_seconds.tolist()
    raw = summarise(columns, stretches, cut_seconds).tolist()
    impacts = strongest_impacts(columns, stretches).tolist()
    return tuple(
        Shot(
            start,
            end,
            describe(dict(zip(CUE_NAMES, row, strict=True)), duration_seconds=end - start, impact_seconds=impact),
        )
        for start, end, row, impact in zip(edges[:-1], edges[1:], raw, impacts, strict=True)
    )
