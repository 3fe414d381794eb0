"""The mix plan: everything that is needed to render a mix again, readable and editable. Documented in docs/plan.md.

This is where outside data enter, hence pydantic: a plan that does not fit is refused with the place that is wrong.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from limelight.errors import PlanError
from limelight.mixing.controls import CEILING_DBTP, KEEP, ceiling_of
from limelight.types import STEMS, SoundtrackInfo, SourceInfo, Vector

VERSION: Final = 2
STEP_SECONDS = 0.1  # gain curves have ten values a second
LARGEST_PLAN_BYTES = 200_000_000
UTF8_MARK = b"\xef\xbb\xbf"  # some editors put it first

Decibels = Annotated[float, Field(ge=-120, le=60)]
SILENCE_DB = -300.0  # floating point goes on to −897 dB, which nobody has ever heard
Levels = Annotated[float, Field(ge=SILENCE_DB, le=300)]  # LUFS or dBTP
Seconds = Annotated[float, Field(ge=0, le=10 * 86_400)]


def _printable(name: object) -> object:
    """A file's name may hold bytes that are no text; JSON may not."""
    return name.encode("utf-8", "replace").decode() if isinstance(name, str) else name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PlannedTrack(_Part):
    """A sound that is a stem of the mix, or part of one: a soundtrack of the film, or a file beside it."""

    stem: Literal["speech", "music", "effects"]
    audio_stream: int = Field(ge=0, description="which soundtrack of its file")
    file: str | None = Field(default=None, description="from the film's folder; null: the film itself")
    offset_seconds: float | None = None


class PlannedSource(_Part):
    """The soundtrack that the plan was made for."""

    name: Annotated[str, BeforeValidator(_printable)]
    duration_seconds: Seconds
    sample_rate: int = Field(ge=1000, le=1_000_000)
    layout: str
    audio_stream: int = Field(ge=0)
    inverted: bool = Field(default=False, description="whether the sides are each other's negative")
    tracks: list[PlannedTrack] | None = Field(default=None, description="what it is the sum of, where that is known")
    dropped: list[Annotated[int, Field(ge=0)]] = Field(
        default=[], description="soundtracks of the film that are no part of the sum and are left out"
    )


class PlannedModel(_Part):
    """A model that took part; rendering with another separator gives another mix."""

    name: str
    sha256: str


class PlannedControls(_Part):
    """What the user asked for, for the record: it is already in the curves."""

    strength: float
    speech_db: float
    music_db: float
    effects_db: float
    loudness: str | float
    true_peak_dbtp: float | None = Field(default=None, ge=-20, le=0)


class PlannedLoudness(_Part):
    """Integrated loudness in LUFS; null is silence."""

    before_lufs: Levels | None
    predicted_after_lufs: Levels | None
    true_peak_before_dbtp: Levels | None
    downmix_lufs: Levels | None = Field(description="of the mono downmix that the model heard")
    range_before_lu: float | None = Field(default=None, ge=0, le=300, description="loudness range, EBU Tech 3342")
    dialogue_before_lufs: Levels | None = Field(default=None, description="of the whole where somebody speaks")
    speech_share: float | None = Field(default=None, ge=0, le=1, description="of the time in which somebody speaks")


class PlannedShot(_Part):
    """A shot, what the picture says in it, and why the gains are what they are."""

    start_seconds: Seconds
    end_seconds: Seconds
    cues: dict[str, str]
    gains_db: dict[str, float]  # mean over the shot
    by_ear_db: dict[str, float] | None = None  # of 0.1.0: the same, had its model not looked
    heard_lufs: dict[str, float] | None = Field(
        default=None, description="loudness of each stem in the shot; −100 for none"
    )
    speech_present: float | None = Field(default=None, ge=0, le=1, description="share of the time with speech")
    confidence: float | None = Field(default=None, ge=0, le=1, description="how sure the director is")
    reason: str

    @model_validator(mode="after")
    def _fits(self) -> PlannedShot:
        if self.gains_db:
            _check_stems(self.gains_db)
        if self.by_ear_db is not None:
            _check_stems(self.by_ear_db)
        if self.end_seconds < self.start_seconds:
            raise ValueError(f"a shot ends after it starts, not {self.start_seconds:g} to {self.end_seconds:g} s")
        return self


class MixPlan(_Part):
    """Per stem a gain curve, per shot a reason. Of a model that remixes in one step there are no gains, but what it changed."""

    format: Literal["limelight-plan"] = "limelight-plan"
    version: Literal[1, 2] = VERSION
    source: PlannedSource
    model: PlannedModel = Field(description="the separator, or the model that remixed in one step")
    director: PlannedModel | None = None
    style: dict[str, str | float | None] | None = Field(default=None, description="what the director was told, by key")
    controls: PlannedControls
    loudness: PlannedLoudness
    makeup_db: Decibels = Field(description="one gain for the whole mix, which brings it to the wished loudness")
    step_seconds: Annotated[float, Field(gt=0, le=60)] = STEP_SECONDS
    turns_seconds: list[Seconds] = Field(default=[], description="of 0.1.0: where its model began anew", exclude=True)
    changed: list[float] | None = Field(
        default=None, description="of a one-step remix: mean square of what was added, each second"
    )
    speech_presence: list[Annotated[float, Field(ge=0, le=1)]] | None = Field(
        default=None, description="how likely somebody speaks at 0, step, 2 · step, … seconds"
    )
    gains_db: dict[str, list[Decibels]] = Field(description="stem → gain at 0, step, 2 · step, … seconds")
    shots: list[PlannedShot]

    @model_validator(mode="before")
    @classmethod
    def _former(cls, values: Any) -> Any:
        """Plans of 0.1.0 name no director, and their usual ceiling was not a wish."""
        if not isinstance(values, dict) or values.get("version") != 1:
            return values
        controls = values.get("controls")
        if isinstance(controls, dict) and controls.get("true_peak_dbtp") == CEILING_DBTP:
            return values | {"controls": controls | {"true_peak_dbtp": None}}
        return values

    @model_validator(mode="after")
    def _curves_fit(self) -> MixPlan:
        if not self.gains_db and self.changed is not None:
            return self
        _check_stems(self.gains_db)
        if len({len(curve) for curve in self.gains_db.values()}) != 1 or not self.gains_db[STEMS[0]]:
            raise ValueError("the gain curves must be equally long, and not empty")
        return self

    @property
    def has_stems(self) -> bool:
        """Whether it can be edited and rendered again."""
        return bool(self.gains_db)

    @property
    def ceiling_dbtp(self) -> float:
        """Under which the true peak is kept."""
        return ceiling_of(self.controls.loudness, self.controls.true_peak_dbtp)

    @property
    def times_seconds(self) -> Vector:
        """Times of the curves' points, [T]."""
        if not self.has_stems:
            return np.zeros(0)
        return np.arange(len(self.gains_db[STEMS[0]]), dtype=np.float64) * self.step_seconds

    @property
    def curves_db(self) -> Vector:
        """Gains, [K, T]; none at all, [0, 0], of a one-step remix."""
        if not self.has_stems:
            return np.zeros((0, 0))
        return np.array([self.gains_db[stem] for stem in STEMS], np.float64)

    @property
    def changes_nothing(self) -> bool:
        """Whether rendering this plan gives the original: no gain leaves 0 dB, and no loudness or peak is wished."""
        if self.makeup_db != 0 or self.controls.true_peak_dbtp is not None or self.source.tracks is not None:
            return False
        peak = self.loudness.true_peak_before_dbtp
        if self.controls.loudness != KEEP and peak is not None and peak > self.ceiling_dbtp:
            return False
        return not np.any(self.curves_db) if self.has_stems else self.controls.strength == 0

    def check_fit(self, film: SourceInfo, track: SoundtrackInfo) -> None:
        """Raises PlanError where a film's soundtrack is not the one that the plan was made for."""
        planned, name = self.source, film.path.name
        if (track.sample_rate, track.layout) != (planned.sample_rate, planned.layout):
            raise PlanError(
                f"The plan is for a soundtrack of {planned.sample_rate} Hz {planned.layout}, {name} has "
                f"{track.sample_rate} Hz {track.layout}; make a new plan with `limelight plan`."
            )
        if abs(film.duration_seconds - planned.duration_seconds) > max(1.0, 0.01 * planned.duration_seconds):
            raise PlanError(
                f"The plan is for a film of {planned.duration_seconds:.1f} s, {name} lasts "
                f"{film.duration_seconds:.1f} s; make a new plan with `limelight plan`."
            )

    def at(self, times_seconds: Vector) -> Vector:
        """Gains in dB at any times, [K, n], on straight lines in dB."""
        return np.stack([np.interp(times_seconds, self.times_seconds, curve) for curve in self.curves_db])


def read_plan(path: Path) -> MixPlan:
    """Raises PlanError, naming the place that is wrong."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_PLAN_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        said = error.strerror if isinstance(error, OSError) else error
        raise PlanError(f"Wanted a mix plan in {path}, could not read it ({said}); see `limelight plan`.") from error
    if len(text) > LARGEST_PLAN_BYTES:
        raise PlanError(f"Wanted a mix plan in {path}, found a file of over {LARGEST_PLAN_BYTES // 10**6} MB.")
    try:
        return MixPlan.model_validate_json(text.removeprefix(UTF8_MARK), strict=True)
    except ValidationError as error:
        raise PlanError(
            f"{path} is not a mix plan that can be rendered: {_first_fault(error)}; mend it there, or make a new plan."
        ) from error


def _first_fault(error: ValidationError) -> str:
    """Place and fault in one line; a place may be named by whoever wrote the file."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:200] or "the file"
    return "".join(sign if sign.isprintable() else "?" for sign in f"{place}: {first['msg']}")


def _check_stems(gains_db: dict[str, Any]) -> None:
    if set(gains_db) != set(STEMS):
        raise ValueError(f"gains_db must have the stems {', '.join(STEMS)}, and no others")


def plan_text(plan: MixPlan) -> str:
    """The plan as JSON, one curve per line: a film has tens of thousands of points. Read again it is the very same."""
    values = plan.model_dump(mode="json")
    curves = values.pop("gains_db")
    lines = [f' "{name}": {_indented(value)}' for name, value in values.items() if name != "speech_presence"]
    points = [f'  "{stem}": {json.dumps(curve, separators=(",", ":"))}' for stem, curve in curves.items()]
    presence = json.dumps(values["speech_presence"], separators=(",", ":"))
    lines.insert(-1, f' "speech_presence": {presence}')
    lines.insert(-1, ' "gains_db": {\n' + ",\n".join(points) + "\n }")  # before the shots, as the schema has it
    return "{\n" + ",\n".join(lines) + "\n}"


def _indented(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\n ")


def finite_or_none(value: float) -> float | None:
    """JSON has no infinity: −∞ LUFS, which is silence, becomes null; so does what is as good as silent."""
    return round(value, 2) if math.isfinite(value) and value >= SILENCE_DB else None
