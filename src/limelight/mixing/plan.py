"""The mix plan: everything that is needed to render a mix again, readable and editable. Documented in docs/plan.md.

This is where outside data enter, hence pydantic: a plan that does not fit is refused with the place that is wrong.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from limelight.errors import PlanError
from limelight.signals import STEMS, Vector

VERSION = 1
STEP_SECONDS = 0.1  # gain curves have ten values a second
LARGEST_PLAN_BYTES = 200_000_000

Decibels = Annotated[float, Field(ge=-120, le=60, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=10 * 86_400, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedSource(_Part):
    """The soundtrack that the plan was made for."""

    name: str
    duration_seconds: Seconds
    sample_rate: int = Field(ge=1000, le=1_000_000)
    layout: str
    audio_stream: int = Field(ge=0)


class PlannedModel(_Part):
    """The model that heard it; rendering with another one gives another mix."""

    name: str
    sha256: str


class PlannedControls(_Part):
    """What the user asked for, for the record: it is already in the curves."""

    strength: float
    speech_db: float
    music_db: float
    effects_db: float
    loudness: str | float
    true_peak_dbtp: float = Field(ge=-20, le=0)


class PlannedLoudness(_Part):
    """Integrated loudness in LUFS; null is silence."""

    before_lufs: float | None
    predicted_after_lufs: float | None
    true_peak_before_dbtp: float | None
    downmix_lufs: float | None = Field(description="of the mono downmix that the model heard")


class PlannedShot(_Part):
    """A shot, what the picture says in it, and why the gains are what they are."""

    start_seconds: Seconds
    end_seconds: Seconds
    cues: dict[str, str]
    gains_db: dict[str, float]  # mean over the shot
    reason: str


class MixPlan(_Part):
    """Per stem a gain curve, per shot a reason."""

    format: Literal["limelight-plan"] = "limelight-plan"
    version: Literal[1] = 1
    source: PlannedSource
    model: PlannedModel
    controls: PlannedControls
    loudness: PlannedLoudness
    makeup_db: Decibels = Field(description="one gain for the whole mix, which brings it to the wished loudness")
    step_seconds: Annotated[float, Field(gt=0, le=60)] = STEP_SECONDS
    gains_db: dict[str, list[Decibels]] = Field(description="stem → gain at 0, step, 2 · step, … seconds")
    shots: list[PlannedShot]

    @model_validator(mode="after")
    def _curves_fit(self) -> MixPlan:
        if set(self.gains_db) != set(STEMS):
            raise ValueError(f"gains_db must have the stems {', '.join(STEMS)}")
        if len({len(curve) for curve in self.gains_db.values()}) != 1 or not self.gains_db[STEMS[0]]:
            raise ValueError("the gain curves must be equally long, and not empty")
        return self

    @property
    def times_seconds(self) -> Vector:
        """Times of the curves' points, [T]."""
        return np.arange(len(self.gains_db[STEMS[0]]), dtype=np.float64) * self.step_seconds

    @property
    def curves_db(self) -> Vector:
        """Gains, [K, T]."""
        return np.array([self.gains_db[stem] for stem in STEMS], np.float64)

    @property
    def changes_nothing(self) -> bool:
        """Whether rendering this plan gives the original."""
        return self.makeup_db == 0 and not np.any(self.curves_db)

    def at(self, times_seconds: Vector) -> Vector:
        """Gains in dB at any times, [K, n], on straight lines in dB."""
        return np.stack([np.interp(times_seconds, self.times_seconds, curve) for curve in self.curves_db])


def read_plan(path: Path) -> MixPlan:
    """Raises PlanError, naming the place that is wrong."""
    try:
        if path.stat().st_size > LARGEST_PLAN_BYTES:
            raise PlanError(f"Wanted a mix plan in {path}, found a file of over {LARGEST_PLAN_BYTES // 10**6} MB.")
        return MixPlan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PlanError(f"Wanted a mix plan in {path}, could not read it ({error.strerror}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PlanError(f"{path} is not a mix plan that can be rendered: {place}: {first['msg']}.") from error


def plan_text(plan: MixPlan) -> str:
    """The plan as JSON, one curve per line."""
    return plan.model_dump_json(indent=1) if len(plan.times_seconds) < 50 else _compact(plan)


def _compact(plan: MixPlan) -> str:
    """Curves on one line each: a film has tens of thousands of points."""
    text = plan.model_copy(update={"gains_db": {stem: [] for stem in STEMS}}).model_dump_json(indent=1)
    for stem in STEMS:
        values = ",".join(f"{value:g}" for value in plan.gains_db[stem])
        text = text.replace(f'"{stem}": []', f'"{stem}": [{values}]', 1)
    return text


def finite_or_none(value: float) -> float | None:
    """JSON has no infinity: −∞ LUFS, which is silence, becomes null."""
    return round(value, 2) if math.isfinite(value) else None
