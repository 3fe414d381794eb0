"""The very path that a film takes, for a soundtrack in memory: survey, plan, mix (without the limiter), or stems.

`remixed` is what every method asks, whatever the model is: one that plans gains of stems, or one that remixes at once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from limelight.app.judge.trial import Mix, Shown
from limelight.cues.encoder import without_picture
from limelight.errors import ModelError
from limelight.mixing import render
from limelight.mixing.controls import Controls
from limelight.mixing.plan import MixPlan, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.mixing.remixing import changes
from limelight.mixing.survey import survey
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.runtime.model import Model
from limelight.runtime.remix import RemixModel
from limelight.runtime.remix_card import RemixCard
from limelight.signals import Cues, Samples


def remixed(samples: Samples, model: Model | RemixModel, shown: Shown | None, *, layout: str) -> Mix:
    """The mix at 48 kHz that a model makes of a soundtrack, with a picture or in the dark. Raises ModelError."""
    if isinstance(model, RemixModel):
        return Mix(remixed_at_once(samples, model, shown, layout=layout))
    cues = shown.cues if shown else without_picture(samples.shape[1] / SAMPLE_RATE)
    plan, mix = planned(samples, model, cues, layout=layout)
    return Mix(mix, plan.curves_db + plan.makeup_db)


def remixed_at_once(samples: Samples, model: RemixModel, shown: Shown | None, *, layout: str) -> Samples:
    """What a network makes of a soundtrack in one step, at its own level: the papers' networks learn that too.

    A film would be brought back to its loudness afterwards; the level-matched figures do not mind.
    """
    context = _told(model.card, shown, samples.shape[1] / SAMPLE_RATE)
    pieces = changes([samples], model, context, sample_rate=SAMPLE_RATE, layout=layout)
    return np.concatenate([original + change for original, change in pieces], axis=1)


def _told(card: RemixCard, shown: Shown | None, seconds: float) -> NDArray[np.float32] | None:
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
    surveyed = survey([samples], sample_rate=SAMPLE_RATE, layout=layout)
    plan = make_plan([samples], surveyed, cues, model, Controls(), source)
    return plan, np.concatenate(list(render.mixed([samples], plan, model)), axis=1)


def separated(samples: Samples, model: Model, *, layout: str) -> NDArray[np.float32]:
    """The stems [K, C, N] that a model finds in a soundtrack; they sum to it."""
    surveyed = survey([samples], sample_rate=SAMPLE_RATE, layout=layout)
    parts = render.stems([samples], model, sample_rate=SAMPLE_RATE, layout=layout, mono_lufs=surveyed.downmix_lufs)
    return np.concatenate(list(parts), axis=2)
