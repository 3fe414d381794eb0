"""The very path that a film takes, for a soundtrack in memory: survey, plan, mix (without the limiter), or stems.

Here a second kind of model finds its place: `remixed` is what every method asks, whatever the model is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from limelight.app.judge.trial import Shown
from limelight.cues.encoder import without_picture
from limelight.mixing import render
from limelight.mixing.controls import Controls
from limelight.mixing.plan import MixPlan, PlannedSource
from limelight.mixing.planner import make_plan
from limelight.mixing.survey import survey
from limelight.muddy.sounds import SAMPLE_RATE
from limelight.runtime.model import Model
from limelight.signals import Cues, Samples


def remixed(samples: Samples, model: Model, shown: Shown | None, *, layout: str) -> Samples:
    """The mix [C, N] at 48 kHz that a model makes of a soundtrack, with a picture or in the dark."""
    cues = shown.cues if shown else without_picture(samples.shape[1] / SAMPLE_RATE)
    return planned(samples, model, cues, layout=layout)[1]


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
