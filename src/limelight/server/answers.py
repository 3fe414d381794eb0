"""What the page's server is asked, and what it answers, as `/openapi.json` describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from limelight.mixing.plan import MixPlan
from limelight.server.choices import AS_USUAL, Choices
from limelight.server.records import Film, PageJob
from limelight.server.work import Kind

Editor = Literal["premiere", "fcpxml", "otio", "reaper", "audition", "csv"]


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Fault(Answer):
    """What went wrong."""

    code: str = Field(examples=["E_INPUT"])
    message: str


class Opened(Answer):
    """A film to be opened."""

    path: str = Field(min_length=1, max_length=4096, description="inside a folder that the page was started with")
    choices: Choices = Field(default=AS_USUAL, description="style, soundtrack or tracks")


class Asked(Answer):
    """A job to be done on a film."""

    kind: Kind
    editors: list[Editor] = Field(default=[], max_length=6, description="of a timeline: for whom")
    choices: Choices = Field(default=AS_USUAL, description="of an analysis or a render")


class JobAnswer(Answer):
    """A job, and how far it is."""

    id: str
    film: str
    kind: Kind
    editors: list[str]
    choices: Choices
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    stage: str
    share: float = Field(ge=0, le=1)
    seconds: float
    seconds_left: float | None
    code: str
    message: str
    files: list[str]
    facts: dict[str, Any] = Field(description="of a film that was rendered: what `limelight render --json` prints")

    @classmethod
    def of(cls, job: PageJob) -> JobAnswer:
        values = {name: getattr(job, name) for name in cls.model_fields}
        return cls(**(values | {"editors": list(job.editors), "files": list(job.files)}))


class TrackAnswer(Answer):
    """A soundtrack of a film, and what it is taken for; "": not heard yet, or not sure."""

    title: str
    language: str
    codec: str
    layout: str
    role: str = ""
    why: str = ""


class FilmAnswer(Answer):
    """A film, and its jobs."""

    id: str
    name: str
    duration_seconds: float
    has_picture: bool
    analysed: bool = Field(description="whether it can be heard and edited")
    asks: bool = Field(
        description="whether it waits to be told what its soundtracks are: have it analysed with choices"
    )
    soundtracks: list[TrackAnswer]
    jobs: list[JobAnswer]

    @classmethod
    def of(cls, film: Film, jobs: Sequence[PageJob], *, analysed: bool) -> FilmAnswer:
        known = {name: getattr(film, name) for name in ("id", "name", "duration_seconds", "has_picture")}
        tracks = _soundtracks(film, jobs)
        begun = any(job.kind in ("analyse", "tracks") and not job.over for job in jobs)
        asks = len(tracks) > 1 and not analysed and not begun
        told = [JobAnswer.of(job) for job in jobs]
        return cls(**known, analysed=analysed, asks=asks, soundtracks=tracks, jobs=told)


def _soundtracks(film: Film, jobs: Sequence[PageJob]) -> list[TrackAnswer]:
    """With what they were last taken for."""
    heard = [job.facts["guesses"] for job in jobs if "guesses" in job.facts]
    guesses = heard[-1] if heard else [{}] * len(film.soundtracks)
    rows = zip(film.soundtracks, guesses, strict=False)
    return [TrackAnswer(**track, role=guess.get("role") or "", why=guess.get("why", "")) for track, guess in rows]


class Known(Answer):
    """A film that could be opened."""

    path: str
    name: str
    folder: str


class StyleAnswer(Answer):
    """A kind of film."""

    name: str
    about: str


class TargetAnswer(Answer):
    """How loud a platform or standard wants a film."""

    name: str
    lufs: float
    true_peak_dbtp: float
    dialogue_gated: bool
    programme_lufs: float | None
    source: str


class ChoicesAnswer(Answer):
    """What there is to choose from."""

    styles: list[StyleAnswer]
    targets: list[TargetAnswer]
    codecs: list[str]


class PageView(Answer):
    """All that the page needs of a film, but for its sound."""

    film: FilmAnswer
    plan: MixPlan
    proposal: MixPlan
    sound: dict[str, Any] = Field(description="where the pieces of the stems lie in `data/sound`; see server/sound.py")
    pictures: list[tuple[float, float, bool]] = Field(description="from, to (seconds), and whether there is a picture")
    waves_per_second: int
